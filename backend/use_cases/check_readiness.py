"""Whether everything outside answers."""

from collections.abc import Callable

from backend.domain.errors import VitalMintError
from backend.domain.identifiers import KeyId
from backend.ports import Ports

NO_KEY = KeyId("0" * 32)


def check_readiness(*, ports: Ports) -> dict[str, bool]:
    """Part by part, whether it answers; each within its own time limit."""
    parts: dict[str, Callable[[], object]] = {
        "database": ports.database.ping,
        "keyring": lambda: ports.keys.state(NO_KEY),
        "content": ports.content.ping,
        "chain": ports.chain.relayer_balance,
    }
    return {part: _answers(ask) for part, ask in parts.items()}


def _answers(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except VitalMintError:
        return False
    return True
