"""Recomputes what a block's hash commits to: header, transactions, receipts, logs, senders.

One trusted block hash is enough to check every event below it: the header gives the parent's
hash and the roots of transactions and receipts, and the bloom names every address that may
have logged. (Yellow Paper 4.3; EIP-2718, 1559, 2930, 4844, 4895, 7685, 7702.)
"""

from collections.abc import Sequence

from coincurve import PublicKey

from backend.crypto import rlp
from backend.crypto.keccak import keccak
from backend.crypto.ordered_trie import ordered_root
from backend.domain.evidence import (
    Address,
    BlockHeader,
    LogEvidence,
    ReceiptEvidence,
    TransactionEvidence,
)

BLOOM_BYTES = 256
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def block_hash(header: BlockHeader) -> bytes:
    """The hash that the header's fields have."""
    return keccak(
        rlp.encode(
            [
                header.parent_hash,
                header.uncles_hash,
                header.miner,
                header.state_root,
                header.transactions_root,
                header.receipts_root,
                header.bloom,
                header.difficulty,
                header.number,
                header.gas_limit,
                header.gas_used,
                header.time,
                header.extra,
                header.mix_hash,
                header.nonce,
                *header.appended,
            ]
        )
    )


def transactions_root(
    transactions: Sequence[TransactionEvidence],
) -> tuple[bytes, tuple[bytes, ...]]:
    """The root that a header must name when its block holds exactly these, in this order, and
    the hashes that they have."""
    encoded = [_encoded(transaction) for transaction in transactions]
    return ordered_root(encoded), tuple(keccak(one) for one in encoded)


def receipts_root(receipts: Sequence[ReceiptEvidence]) -> bytes:
    """The root that a header must name when its transactions left exactly these receipts."""
    return ordered_root([_encoded_receipt(receipt) for receipt in receipts])


def transaction_hash(transaction: TransactionEvidence) -> bytes:
    """The hash that the transaction's fields have."""
    return keccak(_encoded(transaction))


def sender_of(transaction: TransactionEvidence) -> Address | None:
    """Who signed the transaction, or None when its signature is none."""
    parity = transaction.v
    if transaction.type == 0:
        parity = transaction.v - 27 if transaction.v in (27, 28) else (transaction.v - 35) % 2
    return recovered(_signing_hash(transaction), transaction.r, transaction.s, parity)


def recovered(message_hash: bytes, r: int, s: int, parity: int) -> Address | None:
    """The address that signed a 32-byte hash (secp256k1), or None."""
    if not (0 < r < _ORDER and 0 < s < _ORDER and parity in (0, 1)):
        return None
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        key = PublicKey.from_signature_and_message(signature, message_hash, hasher=None)
    except ValueError:
        return None
    return keccak(key.format(compressed=False)[1:])[12:]


def created_address(creator: Address, nonce: int) -> Address:
    """Where a contract stands that `creator` deployed with its transaction `nonce`."""
    return keccak(rlp.encode([creator, nonce]))[12:]


def bloom_of(logs: tuple[LogEvidence, ...]) -> bytes:
    """The bloom filter over the logs' addresses and topics."""
    bits = 0
    for log in logs:
        for value in (log.address, *log.topics):
            bits |= bloom_bits(value)
    return bits.to_bytes(BLOOM_BYTES, "big")


def bloom_bits(value: bytes) -> int:
    """The bits that an address or topic sets in a bloom filter."""
    digest = keccak(value)
    bits = (int.from_bytes(digest[at : at + 2], "big") % 2048 for at in (0, 2, 4))
    return sum({1 << bit for bit in bits})


def may_hold(bloom: bytes, bits: int) -> bool:
    """False only when no log under this bloom has the value with these bits."""
    return int.from_bytes(bloom, "big") & bits == bits


def _encoded_receipt(receipt: ReceiptEvidence) -> bytes:
    body = rlp.encode(
        [
            int(receipt.succeeded),
            receipt.cumulative_gas,
            receipt.bloom,
            [[log.address, list(log.topics), log.data] for log in receipt.logs],
        ]
    )
    return _typed(receipt.type, body)


def _encoded(transaction: TransactionEvidence) -> bytes:
    signature: list[rlp.Item] = [transaction.v, transaction.r, transaction.s]
    return _typed(transaction.type, rlp.encode([*_payload(transaction), *signature]))


def _signing_hash(transaction: TransactionEvidence) -> bytes:
    payload = _payload(transaction)
    if transaction.type == 0 and transaction.v >= 35:
        payload = [*payload, (transaction.v - 35) // 2, 0, 0]
    return keccak(_typed(transaction.type, rlp.encode(payload)))


def _payload(transaction: TransactionEvidence) -> list[rlp.Item]:
    """The transaction's fields in the order of its type, without the signature."""
    payload: list[rlp.Item] = [
        transaction.nonce,
        *transaction.fees,
        transaction.gas,
        transaction.to or b"",
        transaction.value,
        transaction.input,
    ]
    if transaction.type == 0:
        return payload
    access: list[rlp.Item] = [[address, slots] for address, slots in transaction.access_list]
    payload = [transaction.chain_id, *payload, access]
    if transaction.type == 3:
        payload += [transaction.blob_fee, transaction.blob_hashes]
    if transaction.type == 4:
        set_codes: list[rlp.Item] = [
            [one.chain_id, one.address, one.nonce, one.parity, one.r, one.s]
            for one in transaction.set_codes
        ]
        payload.append(set_codes)
    return payload


def _typed(kind: int, body: bytes) -> bytes:
    return body if kind == 0 else bytes([kind]) + body
