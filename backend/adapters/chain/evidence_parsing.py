"""A node's JSON as evidence. Strict: a field that is missing or malformed is an error."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.domain.evidence import (
    AccountProof,
    Address,
    BlockHeader,
    LogEvidence,
    LogPlace,
    ReceiptEvidence,
    SetCode,
    SlotProof,
    TransactionEvidence,
)

Json = Mapping[str, Any]

_APPENDED = (
    ("baseFeePerGas", None),
    ("withdrawalsRoot", 32),
    ("blobGasUsed", None),
    ("excessBlobGas", None),
    ("parentBeaconBlockRoot", 32),
    ("requestsHash", 32),
)


class Malformed(ValueError):
    """The node's answer is not what the JSON-RPC specification says it is."""


def header(block: Json) -> BlockHeader:
    """The header of an `eth_getBlockBy…` answer."""
    return BlockHeader(
        claimed_hash=_data(block, "hash", 32),
        parent_hash=_data(block, "parentHash", 32),
        uncles_hash=_data(block, "sha3Uncles", 32),
        miner=_data(block, "miner", 20),
        state_root=_data(block, "stateRoot", 32),
        transactions_root=_data(block, "transactionsRoot", 32),
        receipts_root=_data(block, "receiptsRoot", 32),
        bloom=_data(block, "logsBloom", 256),
        difficulty=_quantity(block, "difficulty"),
        number=_quantity(block, "number"),
        gas_limit=_quantity(block, "gasLimit"),
        gas_used=_quantity(block, "gasUsed"),
        time=_quantity(block, "timestamp"),
        extra=_data(block, "extraData"),
        mix_hash=_data(block, "mixHash", 32),
        nonce=_data(block, "nonce", 8),
        appended=tuple(
            _quantity(block, name) if size is None else _data(block, name, size)
            for name, size in _APPENDED
            if block.get(name) is not None
        ),
    )


def transaction(json: Json) -> TransactionEvidence:
    """One transaction of a block that was asked for with its transactions."""
    kind = _quantity(json, "type") if "type" in json else 0
    if kind > 4:
        raise Malformed(f"transaction type {kind} is not known to this release")
    fees = ("gasPrice",) if kind < 2 else ("maxPriorityFeePerGas", "maxFeePerGas")
    return TransactionEvidence(
        claimed_hash=_data(json, "hash", 32),
        type=kind,
        chain_id=_quantity(json, "chainId") if kind else 0,
        nonce=_quantity(json, "nonce"),
        fees=tuple(_quantity(json, name) for name in fees),
        gas=_quantity(json, "gas"),
        to=None if json["to"] is None else _data(json, "to", 20),
        value=_quantity(json, "value"),
        input=_data(json, "input"),
        access_list=_access_list(json["accessList"]) if kind else (),
        blob_fee=_quantity(json, "maxFeePerBlobGas") if kind == 3 else 0,
        blob_hashes=tuple(_bytes(one, 32) for one in json["blobVersionedHashes"])
        if kind == 3
        else (),
        set_codes=tuple(_set_code(one) for one in json["authorizationList"]) if kind == 4 else (),
        v=_quantity(json, "v"),
        r=_integer(json["r"]),
        s=_integer(json["s"]),
    )


def receipt(json: Json) -> ReceiptEvidence:
    """The answer to `eth_getTransactionReceipt`."""
    return ReceiptEvidence(
        transaction_hash=_data(json, "transactionHash", 32),
        type=_quantity(json, "type") if "type" in json else 0,
        succeeded=_quantity(json, "status") == 1,
        cumulative_gas=_quantity(json, "cumulativeGasUsed"),
        bloom=_data(json, "logsBloom", 256),
        logs=tuple(_log(one) for one in json["logs"]),
    )


def account_proof(address: Address, slots: Sequence[bytes], json: Json) -> AccountProof:
    """The answer to `eth_getProof` for these slots, in their order."""
    found = json["storageProof"]
    if len(found) != len(slots):
        raise Malformed(f"{len(slots)} words of storage were asked for, {len(found)} came")
    return AccountProof(
        address=address,
        nonce=_quantity(json, "nonce"),
        balance=_quantity(json, "balance"),
        storage_root=_data(json, "storageHash", 32),
        code_hash=_data(json, "codeHash", 32),
        nodes=tuple(_bytes(node, None) for node in json["accountProof"]),
        slots=tuple(
            SlotProof(
                slot,
                _integer(one["value"]),
                tuple(_bytes(node, None) for node in one["proof"]),
            )
            for slot, one in zip(slots, found, strict=True)
        ),
    )


def quantity(value: object) -> int:
    """A number as JSON-RPC writes it: 0x and hexadecimal digits without a leading zero."""
    number = _integer(value)
    if (number and value[2] == "0") or (not number and value != "0x0"):  # type: ignore[index]
        raise Malformed("a quantity has no leading zero")
    return number


def data(value: object) -> bytes:
    """Bytes as JSON-RPC writes them: 0x and two hexadecimal digits a byte."""
    return _bytes(value, None)


def _log(json: Json) -> LogEvidence:
    return LogEvidence(
        address=_data(json, "address", 20),
        topics=tuple(_bytes(topic, 32) for topic in json["topics"]),
        data=_data(json, "data"),
        stated=LogPlace(
            block_number=_quantity(json, "blockNumber"),
            block_hash=_data(json, "blockHash", 32),
            transaction_hash=_data(json, "transactionHash", 32),
            transaction_index=_quantity(json, "transactionIndex"),
            log_index=_quantity(json, "logIndex"),
            removed=json.get("removed", False) is not False,
        ),
    )


def _set_code(json: Json) -> SetCode:
    return SetCode(
        chain_id=_quantity(json, "chainId"),
        address=_data(json, "address", 20),
        nonce=_quantity(json, "nonce"),
        parity=_quantity(json, "yParity"),
        r=_integer(json["r"]),
        s=_integer(json["s"]),
    )


def _access_list(json: list[Json]) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
    return tuple(
        (_data(one, "address", 20), tuple(_bytes(slot, 32) for slot in one["storageKeys"]))
        for one in json
    )


def _integer(value: object) -> int:
    """A word: some nodes pad it to 32 bytes, which the specification does not."""
    if isinstance(value, str) and value.startswith("0x") and value[2:].isalnum():
        try:
            return int(value[2:], 16)
        except ValueError:
            pass
    raise Malformed("a number is 0x and hexadecimal digits")


def _quantity(json: Json, name: str) -> int:
    try:
        return quantity(json[name])
    except Malformed as error:
        raise Malformed(f"{name}: {error}") from error


def _data(json: Json, name: str, size: int | None = None) -> bytes:
    try:
        return _bytes(json[name], size)
    except Malformed as error:
        raise Malformed(f"{name}: {error}") from error


def _bytes(value: object, size: int | None) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise Malformed("data is 0x and pairs of hexadecimal digits")
    try:
        found = bytes.fromhex(value[2:])
    except ValueError as error:
        raise Malformed("data is 0x and pairs of hexadecimal digits") from error
    if 2 * len(found) != len(value) - 2 or size not in (None, len(found)):
        raise Malformed("data of another length is expected")
    return found
