"""The 32 bytes that a signature is over, from the numbers on chain (EIP-712, ERC-2612).

Consents are the same messages as in typed_data, without a date in between: on chain an expiry may
lie beyond any calendar's end.
"""

from collections.abc import Iterable

from backend.crypto.block_hashes import recovered
from backend.crypto.keccak import keccak
from backend.domain.evidence import Address

_DOMAIN_TYPE = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_CONSENT_TYPE = keccak(
    b"Consent(address contributor,uint8 kinds,uint8 purposes,bool custodial,"
    b"uint48 expiresAt,uint256 nonce,uint48 deadline)"
)
_REVOCATION_TYPE = keccak(b"Revocation(address contributor,uint256 nonce,uint48 deadline)")
_PERMIT_TYPE = keccak(
    b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
_VERSION = keccak(b"1")
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def consent_hash(
    contributor: Address,
    kinds: int,
    purposes: int,
    custodial: bool,
    expires_at: int,
    nonce: int,
    deadline: int,
    *,
    domain: bytes,
) -> bytes:
    """What a contributor signs to consent."""
    numbers = (kinds, purposes, int(custodial), expires_at, nonce, deadline)
    return _signed(_CONSENT_TYPE, (_padded(contributor), *map(_word, numbers)), domain)


def revocation_hash(contributor: Address, nonce: int, deadline: int, *, domain: bytes) -> bytes:
    """What a contributor signs to take a consent back."""
    words = (_padded(contributor), _word(nonce), _word(deadline))
    return _signed(_REVOCATION_TYPE, words, domain)


def permit_hash(
    owner: Address, spender: Address, value: int, nonce: int, deadline: int, *, domain: bytes
) -> bytes:
    """What a holder signs to let another spend."""
    words = (_padded(owner), _padded(spender), _word(value), _word(nonce), _word(deadline))
    return _signed(_PERMIT_TYPE, words, domain)


def domain_hash(name: str, chain_id: int, contract: Address) -> bytes:
    """Binds a message to one contract on one chain."""
    named = keccak(name.encode())
    return keccak(_DOMAIN_TYPE + named + _VERSION + _word(chain_id) + _padded(contract))


def signer_of(message_hash: bytes, signature: bytes) -> Address | None:
    """Who signed, by the contract's own rules: 65 bytes r | s | v, the lower s, v 27 or 28."""
    if len(signature) != 65:
        return None
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    return None if s > _HALF_ORDER else recovered(message_hash, r, s, signature[64] - 27)


def _signed(kind: bytes, words: Iterable[bytes], domain: bytes) -> bytes:
    return keccak(b"\x19\x01" + domain + keccak(kind + b"".join(words)))


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _padded(address: Address) -> bytes:
    return address.rjust(32, b"\0")
