"""Messages signed by a wallet, as requests carry them."""

from backend.http.config import HttpConfig
from backend.ports import Ports
from backend.use_cases.sign_in_with_ethereum import SignedMessage


def signed_message(
    message: str | None, signature: str | None, *, ports: Ports, config: HttpConfig
) -> SignedMessage | None:
    """The signed message as it must have been given out here, or None when there is none."""
    if message is None or signature is None:
        return None
    return SignedMessage(message, signature, config.audience(ports.chain.chain_id))
