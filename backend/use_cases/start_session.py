"""Begin a session: always a fresh token, of which only hashes are stored."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import timedelta

from backend.crypto.tokens import token_hash
from backend.domain.account import Account, Session
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork

TOKEN_BYTES = 32


@dataclass(frozen=True)
class StartedSession:
    """The two secrets of a session, told once: to the cookie, and to the page."""

    account: Account
    session: Session
    token: str = field(repr=False)
    csrf_token: str = field(repr=False)


def start_session(account: Account, *, unit: UnitOfWork, ports: Ports) -> StartedSession:
    """A new session of this account, in the caller's unit of work; ended ones are cleared away."""
    token = urlsafe_b64encode(ports.random_bytes(TOKEN_BYTES)).decode().rstrip("=")
    csrf_token = csrf_token_of(token)
    now = ports.clock.now()
    session = Session(
        token_hash=token_hash(token),
        csrf_hash=token_hash(csrf_token),
        account_id=account.id,
        created_at=now,
        expires_at=now + timedelta(seconds=ports.policy.session_lifetime_s),
    )
    unit.sessions.purge(now)
    unit.sessions.add(session)
    return StartedSession(account, session, token, csrf_token)


def csrf_token_of(token: str) -> str:
    """The session's CSRF token: one way from the cookie, so that a reloaded page can have it."""
    return hashlib.sha256(b"vitalmint csrf " + token.encode()).hexdigest()
