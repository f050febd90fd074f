"""The session's cookie, and who is calling."""

from typing import Annotated

from fastapi import Depends, Request, Response

from backend.domain.identifiers import AccountId
from backend.http.config import HttpConfig
from backend.ports import Ports
from backend.use_cases.authenticate_session import Caller
from backend.use_cases.start_session import StartedSession

COOKIE = "vitalmint_session"
CSRF_HEADER = "X-CSRF-Token"


async def _ports(request: Request) -> Ports:
    ports: Ports = request.app.state.ports
    return ports


async def _config(request: Request) -> HttpConfig:
    config: HttpConfig = request.app.state.config
    return config


async def _caller(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _account_id(request: Request) -> AccountId:
    caller: Caller = request.state.caller
    return caller.account.id


async def _presented_token(request: Request) -> str | None:
    return request.cookies.get(COOKIE)


PortsHere = Annotated[Ports, Depends(_ports)]
ConfigHere = Annotated[HttpConfig, Depends(_config)]
CallerHere = Annotated[Caller, Depends(_caller)]
AccountHere = Annotated[AccountId, Depends(_account_id)]
PresentedToken = Annotated[str | None, Depends(_presented_token)]


def set_cookie(response: Response, started: StartedSession, config: HttpConfig) -> None:
    """Give the browser the session: out of reach of scripts and of other sites."""
    lifetime = started.session.expires_at - started.session.created_at
    response.set_cookie(
        COOKIE,
        started.token,
        max_age=int(lifetime.total_seconds()),
        path="/",
        secure=config.cookie_secure,
        httponly=True,
        samesite="strict",
    )


def clear_cookie(response: Response, config: HttpConfig) -> None:
    """Take the cookie back from the browser."""
    response.delete_cookie(
        COOKIE, path="/", secure=config.cookie_secure, httponly=True, samesite="strict"
    )
