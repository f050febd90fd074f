"""Sessions: log in, look, log out; and the way back without a password."""

from fastapi import APIRouter, Response

from backend.http.guard import GuardedRoute
from backend.http.rate_limits import AttemptsHere
from backend.http.schemas.sessions import LogInRequest, Recovered, RecoverRequest, SessionView
from backend.http.session import (
    CallerHere,
    ConfigHere,
    PortsHere,
    PresentedToken,
    clear_cookie,
    set_cookie,
)
from backend.use_cases.log_in import LogIn
from backend.use_cases.log_in import log_in as start
from backend.use_cases.log_out import log_out as end
from backend.use_cases.recover_account import RecoverAccount
from backend.use_cases.recover_account import recover_account as recover

router = APIRouter(tags=["sessions"], route_class=GuardedRoute)


@router.post("/api/login", summary="Log in with id and password")
def log_in(
    body: LogInRequest,
    response: Response,
    presented: PresentedToken,
    attempts: AttemptsHere,
    ports: PortsHere,
    config: ConfigHere,
) -> SessionView:
    """Sets the session cookie, always a fresh one, and tells the CSRF token."""
    attempts.count(body.id)
    started = start(LogIn(body.id, body.password, replaces=presented), ports=ports)
    set_cookie(response, started, config)
    return SessionView.started(started)


@router.get("/api/session", summary="Who is logged in")
def show_session(caller: CallerHere) -> SessionView:
    """The caller's session, with its CSRF token for a page that was loaded again."""
    return SessionView.present(caller)


@router.post("/api/logout", status_code=204, summary="Log out")
def log_out(response: Response, caller: CallerHere, ports: PortsHere, config: ConfigHere) -> None:
    """Ends the session on this side and takes the cookie back."""
    end(caller.token, ports=ports)
    clear_cookie(response, config)


@router.post("/api/recover", summary="Set a new password with the recovery code")
def recover_account(body: RecoverRequest, attempts: AttemptsHere, ports: PortsHere) -> Recovered:
    """The code is used up and the next one is in the answer; every session ends."""
    attempts.count(body.id)
    command = RecoverAccount(body.id, body.recovery_code, body.password)
    return Recovered(recovery_code=recover(command, ports=ports))
