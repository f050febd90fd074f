"""Sign in and up with one's own wallet (EIP-4361)."""

from fastapi import APIRouter, Response

from backend.domain.account import Role
from backend.domain.identifiers import wallet_address
from backend.http.guard import GuardedRoute
from backend.http.rate_limits import AttemptsHere
from backend.http.schemas.accounts import SignedUp
from backend.http.schemas.sessions import (
    SessionView,
    SignInMessage,
    WalletChallenge,
    WalletSignIn,
    WalletSignUp,
)
from backend.http.session import ConfigHere, PortsHere, PresentedToken, set_cookie
from backend.use_cases.offer_sign_in import OfferSignIn
from backend.use_cases.offer_sign_in import offer_sign_in as offer
from backend.use_cases.sign_in_with_ethereum import SignedMessage, SignInWithEthereum
from backend.use_cases.sign_in_with_ethereum import sign_in_with_ethereum as sign_in
from backend.use_cases.sign_up_with_ethereum import SignUpWithEthereum
from backend.use_cases.sign_up_with_ethereum import sign_up_with_ethereum as sign_up

router = APIRouter(prefix="/api/siwe", tags=["wallet sign-in"], route_class=GuardedRoute)


@router.post("/challenge", status_code=201, summary="Ask for a message to sign")
def offer_sign_in(
    body: WalletChallenge, attempts: AttemptsHere, ports: PortsHere, config: ConfigHere
) -> SignInMessage:
    """The message is good once, for minutes, for this service and chain only."""
    attempts.count()
    audience = config.audience(ports.chain.chain_id)
    command = OfferSignIn(wallet_address(body.wallet), audience)
    return SignInMessage.of(offer(command, ports=ports))


@router.post("/login", summary="Log in with a signed message")
def sign_in_with_ethereum(
    body: WalletSignIn,
    response: Response,
    presented: PresentedToken,
    attempts: AttemptsHere,
    ports: PortsHere,
    config: ConfigHere,
) -> SessionView:
    """As /api/login. A wallet without account is 404, and may sign up with the same message."""
    attempts.count()
    signed = SignedMessage(body.message, body.signature, config.audience(ports.chain.chain_id))
    started = sign_in(SignInWithEthereum(signed, replaces=presented), ports=ports)
    set_cookie(response, started, config)
    return SessionView.started(started)


@router.post("/signup", status_code=201, summary="Sign up with a signed message")
def sign_up_with_ethereum(
    body: WalletSignUp, attempts: AttemptsHere, ports: PortsHere, config: ConfigHere
) -> SignedUp:
    """The address of an own wallet links for ever: the warning in the answer says what to what."""
    attempts.count()
    signed = SignedMessage(body.message, body.signature, config.audience(ports.chain.chain_id))
    command = SignUpWithEthereum(signed, Role(body.role), body.profile(), body.invitation)
    return SignedUp.of(sign_up(command, ports=ports))
