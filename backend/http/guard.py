"""What every request passes before its body is looked at: session, CSRF token, role, size."""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from starlette.types import Message, Receive

from backend.domain.account import Role
from backend.domain.errors import NotAuthenticated, PayloadTooLarge, RoleRequired
from backend.http.access import Access, Open, access_of
from backend.http.session import COOKIE, CSRF_HEADER
from backend.use_cases.authenticate_session import (
    AuthenticateSession,
    Caller,
    authenticate_session,
)

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
READS_ITS_OWN_BODY = frozenset({"contribute", "inspect_file"})
HASHES_A_PASSWORD = frozenset(
    {"sign_up", "log_in", "recover_account", "change_password", "erase_account", "export_wallet"}
)


class GuardedRoute(APIRoute):
    """A route that the access table lets through; there is no other kind here."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        operation = self.name
        access = access_of(operation)

        async def guarded(request: Request) -> Response:
            if not isinstance(access, Open):
                request.state.caller = await run_in_threadpool(_admit, request, access)
            if operation not in READS_ITS_OWN_BODY:
                request = await _with_bounded_body(request)
            if operation in HASHES_A_PASSWORD:
                async with request.app.state.hashing_turns:
                    return await handle(request)
            return await handle(request)

        return guarded


def admit_again(request: Request, access: Access) -> Caller:
    """Who is calling, asked once more while a long answer goes on; raises as at its beginning."""
    if isinstance(access, Open):
        raise NotAuthenticated("this needs a session: log in at /api/login first")
    return _admit(request, access)


def _admit(request: Request, roles: frozenset[Role]) -> Caller:
    command = AuthenticateSession(
        token=request.cookies.get(COOKIE),
        csrf_token=request.headers.get(CSRF_HEADER),
        changes=request.method not in SAFE,
    )
    caller = authenticate_session(command, ports=request.app.state.ports)
    if caller.account.role in roles:
        return caller
    raise RoleRequired(
        f"this is not for a {caller.account.role}: it needs the role " + " or ".join(sorted(roles))
    )


async def _with_bounded_body(request: Request) -> Request:
    """The same request with its body read into memory, refused beyond the limit."""
    limit = request.app.state.config.body_limit
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise PayloadTooLarge(f"a request here has at most {limit} bytes")
    body = await _read(request.stream(), limit)
    return Request(request.scope, _replayed(body, request.receive))


async def _read(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise PayloadTooLarge(f"a request here has at most {limit} bytes")
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Callable[[], Awaitable[Message]]:
    """`receive` again from the start: the body in one message, then whatever follows."""
    pending = [body]

    async def replay() -> Message:
        if pending:
            return {"type": "http.request", "body": pending.pop(), "more_body": False}
        return await receive()

    return replay
