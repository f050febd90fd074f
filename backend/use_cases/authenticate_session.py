"""Who is calling, by the session's token; and whether our own page sent the request."""

import hmac
from dataclasses import dataclass, field

from backend.crypto.tokens import token_hash
from backend.domain.account import Account, Session
from backend.domain.errors import CsrfMismatch, NotAuthenticated
from backend.ports import Ports


@dataclass(frozen=True)
class AuthenticateSession:
    """`changes` is true for a request that may change something and so needs the CSRF token."""

    token: str | None = field(repr=False)
    csrf_token: str | None = field(repr=False)
    changes: bool


@dataclass(frozen=True)
class Caller:
    account: Account
    session: Session
    token: str = field(repr=False)


def authenticate_session(command: AuthenticateSession, *, ports: Ports) -> Caller:
    """The caller, or `NotAuthenticated` / `CsrfMismatch`."""
    if not command.token:
        raise NotAuthenticated("this needs a session: log in at /api/login first")
    with ports.database.read() as unit:
        session = unit.sessions.by_token(token_hash(command.token))
        account = None if session is None else unit.accounts.by_id(session.account_id)
    if session is None or account is None or session.expires_at <= ports.clock.now():
        raise NotAuthenticated("the session has ended: log in at /api/login again")
    if command.changes and not _ours(command.csrf_token, session):
        raise CsrfMismatch(
            "the CSRF token is missing or of another session: send the one from the login "
            "(or from GET /api/session) in the header X-CSRF-Token"
        )
    return Caller(account, session, command.token)


def _ours(csrf_token: str | None, session: Session) -> bool:
    return csrf_token is not None and hmac.compare_digest(token_hash(csrf_token), session.csrf_hash)
