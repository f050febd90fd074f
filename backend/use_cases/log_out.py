"""End one session."""

from backend.crypto.tokens import token_hash
from backend.ports import Ports


def log_out(token: str, *, ports: Ports) -> None:
    """The session is over on this side, whatever the browser keeps."""
    with ports.database.write() as unit:
        unit.sessions.end(token_hash(token))
