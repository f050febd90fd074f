"""The contracts on Ganache and in memory, with one set of levers for what a test does to them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from eth_account import Account
from web3 import Web3

from backend.adapters.chain.abi import ContractName, load_abi
from backend.adapters.chain.deployment import Deployment
from backend.adapters.chain.ethereum_chain import EthereumChain
from backend.adapters.chain.history import EthereumHistory
from backend.adapters.chain.node import Node
from backend.crypto.wallets import checksum_address, wallet_of
from backend.domain.consent import ConsentGrant
from backend.domain.contribution import Schedule
from backend.domain.identifiers import ContentDigest, WalletAddress
from backend.ports.chain import Chain
from backend.ports.chain_history import ChainHistory
from tests.devnet_fixtures import GanacheUnderTest
from tests.fakes.chain import SCHEDULE, FakeChain
from tests.fakes.contracts import Grant, MarkErased, Revoke

LIMIT_S = 10.0


class ShiftedClock:
    """The machine's clock, moved along with the chain's."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: int) -> None:
        self._ahead += timedelta(seconds=seconds)


class Network(Protocol):
    """A chain with the contracts on it, and what a test may do to it."""

    chain: Chain
    history: ChainHistory
    clock: ShiftedClock

    def mine(self, blocks: int = 1) -> None: ...
    def stop_mining(self) -> None: ...
    def start_mining(self) -> None: ...
    def pass_time(self, seconds: int) -> None: ...
    def mark(self) -> object:
        """A point to reorganise from."""
        ...

    def reorganise(self, mark: object) -> None:
        """Undo everything since the mark; as many other blocks take its place."""
        ...

    def pause(self) -> None: ...
    def unpause(self) -> None: ...
    def grant_directly(self, grant: ConsentGrant, signature: bytes) -> None: ...
    def revoke_directly(self, private_key: bytes) -> None: ...
    def mark_erased_directly(self, private_key: bytes, digest: ContentDigest) -> None: ...


@dataclass
class DeployedChain:
    """The contracts on Ganache; contributors' own transactions are paid for by a rich account."""

    ganache: GanacheUnderTest
    deployment_file: Path
    deployment: Deployment
    relayer_key: bytes
    operator_key: bytes
    rich_key: bytes
    clock: ShiftedClock

    @property
    def rpc_url(self) -> str:
        return self.ganache.rpc_url

    def __post_init__(self) -> None:
        self.chain = self.chain_as(self.relayer_key)
        node = Node(self.rpc_url, limit_s=LIMIT_S)
        self.history = EthereumHistory([self.deployment], node)

    def chain_as(self, relayer_key: bytes) -> EthereumChain:
        """The port with another relayer."""
        node = Node(self.rpc_url, limit_s=LIMIT_S)
        return EthereumChain(self.deployment, node, relayer_key, self.clock)

    def mine(self, blocks: int = 1) -> None:
        self.ganache.mine(blocks)

    def stop_mining(self) -> None:
        self.ganache.stop_mining()

    def start_mining(self) -> None:
        # Ganache 7.9.2 passes over a replaced transaction when its miner starts.
        self.ganache.mine()
        self.ganache.start_mining()

    def pass_time(self, seconds: int) -> None:
        self.ganache.increase_time(seconds)
        self.clock.advance(seconds)

    def mark(self) -> tuple[str, int]:
        return self.ganache.snapshot(), self.ganache.block_number()

    def reorganise(self, mark: Any) -> None:
        snapshot, height = mark
        undone = self.ganache.block_number() - height
        self.ganache.revert(snapshot)
        # The other blocks must differ from those undone, also when these were empty.
        self.ganache.call("evm_increaseTime", 1)
        self.ganache.mine(undone)

    def pause(self) -> None:
        self._send(self.operator_key, "ContributionRegistry", "pause")

    def unpause(self) -> None:
        self._send(self.operator_key, "ContributionRegistry", "unpause")

    def grant_directly(self, grant: ConsentGrant, signature: bytes) -> None:
        consent = (
            checksum_address(grant.contributor),
            grant.kind_mask,
            int(grant.purposes),
            grant.custodial,
            int(grant.expires_at.timestamp()),
            grant.nonce,
            int(grant.deadline.timestamp()),
        )
        self._send(self.rich_key, "ConsentRegistry", "grant", consent, signature)

    def revoke_directly(self, private_key: bytes) -> None:
        self._fund(wallet_of(private_key))
        self._send(private_key, "ConsentRegistry", "revoke")

    def mark_erased_directly(self, private_key: bytes, digest: ContentDigest) -> None:
        self._fund(wallet_of(private_key))
        self._send(private_key, "ContributionRegistry", "markErased", digest.sha256)

    def send_from_relayer(self) -> None:
        """Something that the service knows nothing of takes the relayer's next nonce."""
        self._transact(self.relayer_key, self.chain.relayer, b"", 0)

    def _fund(self, wallet: WalletAddress) -> None:
        self._transact(self.rich_key, wallet, b"", 10**17)

    def _send(self, key: bytes, contract: ContractName, function: str, *arguments: Any) -> None:
        abi = Web3().eth.contract(abi=load_abi(contract))
        data = bytes.fromhex(abi.encode_abi(function, args=list(arguments))[2:])
        self._transact(key, self.deployment.address(contract), data, 0)

    def _transact(self, key: bytes, to: WalletAddress, data: bytes, value: int) -> None:
        sender = wallet_of(key)
        fields = {
            "type": 2,
            "chainId": self.deployment.chain_id,
            "nonce": int(self.ganache.call("eth_getTransactionCount", sender, "latest"), 16),
            "to": checksum_address(to),
            "value": value,
            "data": data,
            "gas": 300_000,
            "maxFeePerGas": 20 * 10**9,
            "maxPriorityFeePerGas": 10**9,
        }
        signed = Account.sign_transaction(fields, key)
        name = self.ganache.call("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
        receipt = self.ganache.call("eth_getTransactionReceipt", name)
        assert receipt["status"] == "0x1", "a test's own transaction was refused"


class FakeNetwork:
    """The fake with the same levers."""

    def __init__(self, schedule: Schedule = SCHEDULE) -> None:
        self.clock = ShiftedClock()
        self.fake = FakeChain(self.clock, schedule)
        self.chain: Chain = self.fake
        self.history: ChainHistory = self.fake

    def mine(self, blocks: int = 1) -> None:
        self.fake.mine(blocks)

    def stop_mining(self) -> None:
        self.fake.mining = False

    def start_mining(self) -> None:
        self.fake.mining = True
        self.fake.mine()

    def pass_time(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.fake.mine()

    def mark(self) -> int:
        return self.fake.height

    def reorganise(self, mark: Any) -> None:
        self.fake.reorganise(mark)

    def pause(self) -> None:
        self.fake.pause()

    def unpause(self) -> None:
        self.fake.pause(False)

    def grant_directly(self, grant: ConsentGrant, signature: bytes) -> None:
        self.fake.act(Grant(grant, signature), grant.contributor)

    def revoke_directly(self, private_key: bytes) -> None:
        self.fake.act(Revoke(), wallet_of(private_key))

    def mark_erased_directly(self, private_key: bytes, digest: ContentDigest) -> None:
        self.fake.act(MarkErased(digest), wallet_of(private_key))
