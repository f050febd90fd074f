"""What a block's hash commits to, against Ethereum's own blocks, eth-account and a real chain."""

from dataclasses import replace

import pytest
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils.address import to_checksum_address

from backend.adapters.chain.evidence import NodeEvidence
from backend.adapters.chain.json_rpc import JsonRpc
from backend.crypto.block_hashes import (
    block_hash,
    bloom_bits,
    bloom_of,
    created_address,
    may_hold,
    receipts_root,
    sender_of,
    transaction_hash,
    transactions_root,
)
from backend.crypto.ordered_trie import EMPTY_ROOT, ordered_root
from backend.domain.evidence import BlockHeader, LogEvidence, LogPlace, SetCode, TransactionEvidence
from tests.devnet_fixtures import GanacheUnderTest

KEY = bytes.fromhex("11" * 32)
TO = "0x" + "22" * 20
NOWHERE = LogPlace(0, b"", b"", 0, 0, removed=False)

GENESIS = BlockHeader(
    claimed_hash=bytes.fromhex("d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"),
    parent_hash=bytes(32),
    uncles_hash=bytes.fromhex("1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"),
    miner=bytes(20),
    state_root=bytes.fromhex("d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"),
    transactions_root=EMPTY_ROOT,
    receipts_root=EMPTY_ROOT,
    bloom=bytes(256),
    difficulty=0x400000000,
    number=0,
    gas_limit=5000,
    gas_used=0,
    time=0,
    extra=bytes.fromhex("11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"),
    mix_hash=bytes(32),
    nonce=bytes.fromhex("0000000000000042"),
    appended=(),
)
"""The first block of Ethereum's main network."""

PLAIN = TransactionEvidence(
    claimed_hash=b"", type=0, chain_id=0, nonce=7, fees=(10**9,), gas=21_000,
    to=bytes.fromhex(TO[2:]), value=5, input=b"\xab\xcd", access_list=(), blob_fee=0,
    blob_hashes=(), set_codes=(), v=0, r=0, s=0,
)  # fmt: skip


def test_the_first_block_of_the_main_network_has_its_hash() -> None:
    assert block_hash(GENESIS) == GENESIS.claimed_hash
    assert EMPTY_ROOT.hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"


@pytest.mark.parametrize("chain_id", [None, 1, 1337])
def test_a_plain_transaction_has_its_hash_and_sender(chain_id: int | None) -> None:
    fields = {"nonce": 7, "gasPrice": 10**9, "gas": 21_000, "to": to_checksum_address(TO),
              "value": 5, "data": "0xabcd"}  # fmt: skip
    signed = Account.sign_transaction(
        fields if chain_id is None else fields | {"chainId": chain_id}, KEY
    )
    sent = replace(PLAIN, v=signed.v, r=signed.r, s=signed.s)
    assert transaction_hash(sent) == bytes(signed.hash)
    assert sender_of(sent) == address()


def test_typed_transactions_have_their_hash_and_sender() -> None:
    base = {"chainId": 1337, "nonce": 7, "gas": 21_000, "to": to_checksum_address(TO), "value": 5,
            "data": "0xabcd"}  # fmt: skip
    listed = [{"address": to_checksum_address(TO), "storageKeys": ["0x" + "33" * 32]}]
    authorised = Account.sign_authorization(
        {"chainId": 1337, "address": to_checksum_address(TO), "nonce": 3}, KEY
    )
    evidence = replace(
        PLAIN,
        chain_id=1337,
        fees=(1, 10**9),
        access_list=((bytes.fromhex("22" * 20), (bytes.fromhex("33" * 32),)),),
    )
    fees = {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 1}
    set_code = SetCode(1337, bytes.fromhex("22" * 20), 3, authorised.y_parity, authorised.r,
                       authorised.s)  # fmt: skip
    for fields, sent in (
        (
            base | {"type": 1, "gasPrice": 10**9, "accessList": listed},
            replace(evidence, type=1, fees=(10**9,)),
        ),
        (base | fees | {"type": 2, "accessList": listed}, replace(evidence, type=2)),
        (
            base | fees | {"type": 4, "accessList": listed, "authorizationList": [authorised]},
            replace(evidence, type=4, set_codes=(set_code,)),
        ),
    ):
        signed = Account.sign_transaction(fields, KEY)
        sent = replace(sent, v=signed.v, r=signed.r, s=signed.s)
        assert transaction_hash(sent) == bytes(signed.hash), fields["type"]
        assert sender_of(sent) == address(), fields["type"]


def test_a_blob_transaction_is_signed_over_what_it_is_hashed_over() -> None:
    fields = {"type": 3, "chainId": 1337, "nonce": 7, "gas": 21_000, "value": 5, "data": "0xabcd",
              "to": to_checksum_address(TO), "maxFeePerGas": 10**9, "maxPriorityFeePerGas": 1,
              "maxFeePerBlobGas": 9, "accessList": [],
              "blobVersionedHashes": ["0x01" + "44" * 31]}  # fmt: skip
    unsigned = TypedTransaction.from_dict(fields)
    key = Account.from_key(KEY)._key_obj
    signature = key.sign_msg_hash(unsigned.hash())
    sent = replace(
        PLAIN,
        type=3,
        chain_id=1337,
        fees=(1, 10**9),
        blob_fee=9,
        blob_hashes=(bytes.fromhex("01" + "44" * 31),),
        v=signature.v,
        r=signature.r,
        s=signature.s,
    )
    assert sender_of(sent) == address()


@pytest.mark.parametrize("changes", [{"r": 0}, {"s": 0}, {"r": 2**256}, {"v": 3, "type": 2}])
def test_a_signature_that_is_none_has_no_sender(changes: dict[str, int]) -> None:
    sent = replace(PLAIN, v=27, r=1, s=1, chain_id=1, fees=(1, 2))
    assert sender_of(replace(sent, **changes)) is None  # type: ignore[arg-type]


def test_a_contract_stands_where_its_creator_and_nonce_put_it() -> None:
    creator = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    assert created_address(creator, 0).hex() == "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"
    assert created_address(creator, 1).hex() == "343c43a37d37dff08ae8c4a11544c718abb4fcf8"


def test_a_bloom_holds_what_was_logged_and_rarely_more() -> None:
    logged, other = b"a" * 20, b"b" * 20
    log = LogEvidence(logged, (b"t" * 32,), b"", NOWHERE)
    bloom = bloom_of((log,))
    assert may_hold(bloom, bloom_bits(logged))
    assert may_hold(bloom, bloom_bits(b"t" * 32))
    assert not may_hold(bloom, bloom_bits(other))
    assert not may_hold(bytes(256), bloom_bits(logged))


def test_a_list_has_another_root_when_anything_in_it_changes() -> None:
    values = [bytes([number]) * 40 for number in range(20)]
    root = ordered_root(values)
    assert ordered_root(values[:-1]) != root
    assert ordered_root([*values, b""]) != root
    assert ordered_root([values[1], values[0], *values[2:]]) != root


def test_a_full_block_of_a_real_chain_has_its_roots(ganache: GanacheUnderTest) -> None:
    """141 transactions: the keys of their trie have one byte, and from 128 on two."""
    sender = Account.from_key(ganache.private_keys[5])
    with ganache.rolled_back():
        nonce = int(ganache.call("eth_getTransactionCount", sender.address, "latest"), 16)
        ganache.stop_mining()
        for at in range(141):
            fields = {"nonce": nonce + at, "gas": 21_000, "to": to_checksum_address(TO),
                      "value": at, "chainId": 1337, "maxFeePerGas": 10**11,
                      "maxPriorityFeePerGas": 10**9}  # fmt: skip
            raw = Account.sign_transaction(fields, sender.key).raw_transaction
            ganache.call("eth_sendRawTransaction", "0x" + raw.hex())
        ganache.start_mining()
        evidence = NodeEvidence(JsonRpc(ganache.rpc_url, timeout_s=30), {})
        header = evidence.head()
        body = evidence.bodies([header])[0]
    assert len(body.transactions) == 141
    assert block_hash(header) == header.claimed_hash
    assert transactions_root(body.transactions) == (
        header.transactions_root,
        tuple(one.claimed_hash for one in body.transactions),
    )
    assert receipts_root(body.receipts) == header.receipts_root
    assert {sender_of(one) for one in body.transactions} == {bytes.fromhex(sender.address[2:])}


def address() -> bytes:
    return bytes.fromhex(Account.from_key(KEY).address[2:])
