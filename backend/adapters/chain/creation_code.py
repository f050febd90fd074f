"""Which contract a creating transaction makes: the releases' own code, recognised by its hash."""

import json
import re
from importlib import resources

from backend.crypto.keccak import keccak
from backend.domain.deployment import ContractName
from backend.ports.chain_evidence import Creation

ARGUMENT_WORDS = {ContractName.CONSENTS: 0, ContractName.TOKEN: 1, ContractName.REGISTRY: 11}
WORD = 32

_METADATA = re.compile(rb"\xa2\x64ipfs\x58\x22\x12\x20(.{32})\x64solc\x43(...)\x00\x33", re.DOTALL)
_METADATA_BYTES = 53


class CreationCode:
    """The known code of every release, by hash."""

    def __init__(self) -> None:
        file = resources.files("backend.adapters.chain") / "creation_code.json"
        self._known: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))

    def read(self, contract: ContractName, data: bytes) -> Creation:
        """The release whose code this is, and the words that its constructor was given."""
        size = WORD * ARGUMENT_WORDS[contract]
        code, words = data[: len(data) - size], data[len(data) - size :]
        named = code_hash(code)
        releases = {digest: name for name, digest in self._known[contract].items()}
        return Creation(
            code=None if named is None else releases.get("0x" + named.hex()),
            arguments=tuple(
                int.from_bytes(words[at : at + WORD], "big") for at in range(0, size, WORD)
            ),
        )


def code_hash(code: bytes) -> bytes | None:
    """Keccak-256 of creation code up to the compiler's metadata; None when that is missing.

    The metadata is never executed and differs with the paths of the compiling machine.
    """
    if not _METADATA.fullmatch(code[-_METADATA_BYTES:]):
        return None
    return keccak(code[:-_METADATA_BYTES])
