"""Chain over an Ethereum node: one client per contract, one signer."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import structlog

from backend.adapters.chain.answers import (
    block,
    entries,
    fields,
    hexadecimal,
    nonsense,
    octets,
    quantity,
)
from backend.adapters.chain.consent_registry import ConsentRegistryClient
from backend.adapters.chain.contribution_registry import ContributionRegistryClient
from backend.adapters.chain.deployment import Deployment, check_deployment
from backend.adapters.chain.events import EventReader
from backend.adapters.chain.logs import Log, logs_between, read_log
from backend.adapters.chain.node import Node, NodeRefused
from backend.adapters.chain.reverts import Refusal, RevertReader, revert_data
from backend.adapters.chain.reward_token import RewardTokenClient
from backend.adapters.chain.signer import Signer
from backend.domain.chain_events import ContributionRegistered, Registration
from backend.domain.consent import Consent, ConsentGrant, ConsentRevocation, Kind
from backend.domain.contribution import Schedule
from backend.domain.errors import ChainRejected, ChainUnavailable, MisconfiguredService
from backend.domain.identifiers import ContentDigest, TxHash, WalletAddress
from backend.domain.money import TokenAmount
from backend.domain.transaction import Call, Confirmation, Fees, SignedTransaction
from backend.ports.clock import Clock

LOWEST_PRIORITY_FEE = 10**9
"""Wei; below it, nodes drop transactions from their pools."""


class EthereumChain:
    """`ports.Chain` for one deployment; `relayer_key` is the recorder's private key."""

    def __init__(
        self, deployment: Deployment, node: Node, relayer_key: bytes, clock: Clock
    ) -> None:
        self._deployment = deployment
        self._node = node
        self._clock = clock
        self._signer = Signer(relayer_key, deployment.chain_id)
        self._reverts = RevertReader()
        self._events = EventReader([deployment])
        self._consents = ConsentRegistryClient(self.consent_registry, node, self._reverts)
        self._token = RewardTokenClient(deployment.address("RewardToken"), node, self._reverts)
        self._contributions = ContributionRegistryClient(
            self.contribution_registry, node, self._reverts
        )

    def check(self) -> None:
        """Refuse contracts that are not there, do not belong together or take no word of ours."""
        check_deployment(self._deployment, self._node)
        faults: list[str] = []
        if self._contributions.names() != (self._token.address, self.consent_registry):
            faults.append("the deployment file names contracts that do not belong together")
        recorder = self.recorder()
        if recorder != self.relayer:
            faults.append(
                f"the relayer {self.relayer} is not the registry's recorder, which is {recorder}: "
                "set VITALMINT_RELAYER_KEY_FILE, or hand the role over"
            )
        if faults:
            raise MisconfiguredService(tuple(faults))

    @property
    def chain_id(self) -> int:
        return self._deployment.chain_id

    @property
    def relayer(self) -> WalletAddress:
        return self._signer.address

    @property
    def consent_registry(self) -> WalletAddress:
        return self._deployment.address("ConsentRegistry")

    @property
    def contribution_registry(self) -> WalletAddress:
        return self._deployment.address("ContributionRegistry")

    def consent_of(self, contributor: WalletAddress) -> Consent | None:
        return self._consents.consent_of(contributor)

    def consent_nonce(self, contributor: WalletAddress) -> int:
        return self._consents.nonce_of(contributor)

    def registration_of(self, digest: ContentDigest) -> Registration | None:
        return self._contributions.record_of(digest)

    def balance_of(self, wallet: WalletAddress) -> TokenAmount:
        return self._token.balance_of(wallet)

    def schedule(self) -> Schedule:
        return self._schedule

    def relayer_balance(self) -> int:
        return quantity(self._node.ask("eth_getBalance", self.relayer, "latest"))

    def grant_call(self, grant: ConsentGrant, signature: bytes) -> Call:
        return self._consents.grant(grant, signature, sender=self.relayer)

    def revoke_call(self, revocation: ConsentRevocation, signature: bytes) -> Call:
        return self._consents.revoke(revocation, signature, sender=self.relayer)

    def register_call(
        self, digest: ContentDigest, kind: Kind, contributor: WalletAddress, quality: int
    ) -> Call:
        return self._contributions.register(digest, kind, contributor, quality, sender=self.relayer)

    def mark_erased_call(self, digest: ContentDigest) -> Call:
        return self._contributions.mark_erased(digest, sender=self.relayer)

    def suggested_fees(self) -> Fees:
        """Twice the base fee, so that six full blocks in a row do not outgrow it, and a tip."""
        newest = fields(self._node.ask("eth_getBlockByNumber", "latest", False))
        tip = max(self._priority_fee(), LOWEST_PRIORITY_FEE)
        return Fees(2 * quantity(newest.get("baseFeePerGas", "0x0")) + tip, tip)

    def _priority_fee(self) -> int:
        try:
            return quantity(self._node.ask("eth_maxPriorityFeePerGas"))
        except NodeRefused:  # an older node, which knows no such method
            return LOWEST_PRIORITY_FEE

    def next_nonce(self) -> int:
        return self.nonce_after_mined(self.relayer)

    def nonce_after_mined(self, signer: WalletAddress) -> int:
        return quantity(self._node.ask("eth_getTransactionCount", signer, "latest"))

    def recorder(self) -> WalletAddress:
        return self._contributions.recorder()

    def sign(self, call: Call, *, nonce: int, fees: Fees) -> SignedTransaction:
        return self._signer.sign(call, nonce=nonce, fees=fees, at=self._clock.now())

    def broadcast(self, signed: SignedTransaction) -> None:
        # Asked first, because nodes have many words for "known already", and because Ganache
        # 7.9.2 executes a transaction of nonce 0 again each time it is sent.
        if self._node.ask("eth_getTransactionByHash", signed.hash) is not None:
            return
        try:
            self._node.ask("eth_sendRawTransaction", "0x" + signed.raw.hex())
        except NodeRefused as refused:
            if _is_known_or_mined(refused.said):
                return
            raise self._not_taken(refused) from refused

    def _not_taken(self, refused: NodeRefused) -> ChainUnavailable:
        if "insufficient funds" in refused.said.lower():
            return ChainUnavailable(
                f"the relayer {self.relayer} has too little ether to send a transaction: send it "
                "some, and what waits goes on by itself"
            )
        structlog.get_logger("chain").warning("transaction_not_taken", said=refused.said[:200])
        return refused

    def confirmation(self, transaction: TxHash) -> Confirmation | None:
        receipt = self._receipt(transaction)
        if receipt is None or receipt.get("blockNumber") is None:
            return None
        number = quantity(receipt.get("blockNumber"))
        answer = self._node.ask("eth_getBlockByNumber", hex(number), False)
        if answer is None:
            return None
        standing = block(answer, number=number)
        if standing.hash != hexadecimal(receipt.get("blockHash"), size=32):
            return None  # mined in a block that a reorganisation has left behind
        head = quantity(self._node.ask("eth_blockNumber"))
        return Confirmation(
            hash=transaction,
            block_number=number,
            block_hash=standing.hash,
            block_time=standing.time,
            depth=max(head - number, 0) + 1,
            succeeded=quantity(receipt.get("status")) == 1,
        )

    def revert_reason(self, transaction: TxHash) -> Refusal:
        """Repeats the call on the states before and after its block: few nodes tell it directly."""
        receipt, sent = self._receipt(transaction), self._sent(transaction)
        if receipt is None or sent is None:
            return ChainRejected("the transaction is not on the chain any more: it is sent again")
        number = quantity(receipt.get("blockNumber"))
        for state in (number - 1, number):
            refusal = self._refusal_at(sent, state)
            if refusal is not None:
                return refusal
        if quantity(receipt.get("gasUsed")) >= quantity(sent.get("gas")):
            return ChainRejected("the transaction ran out of gas: it is prepared anew")
        return ChainRejected("the contract refused, and would not refuse now: it is tried again")

    def _refusal_at(self, sent: Mapping[str, Any], block_number: int) -> Refusal | None:
        message = {
            "from": hexadecimal(sent.get("from"), size=20),
            "to": hexadecimal(sent.get("to"), size=20),
            "data": "0x" + octets(sent.get("input")).hex(),
        }
        try:
            self._node.ask("eth_call", message, hex(block_number))
        except NodeRefused as refused:
            data = revert_data(refused)
            return None if data is None else self._reverts.refusal(data)
        return None

    def registered_in(self, transaction: TxHash) -> ContributionRegistered | None:
        receipt = self._receipt(transaction)
        if receipt is None:
            return None
        logs = [read_log(entry) for entry in entries(receipt.get("logs"))]
        ours = [log for log in logs if log.address == self._contributions.address]
        return self._registration_among(ours)

    def registration_event(self, digest: ContentDigest) -> ContributionRegistered | None:
        head = quantity(self._node.ask("eth_blockNumber"))
        wanted = [None, digest.hex]
        first, registry = self._deployment.first_block, self._contributions.address
        return self._registration_among(
            list(logs_between(self._node, first, head, [registry], wanted))
        )

    def _registration_among(self, logs: Sequence[Log]) -> ContributionRegistered | None:
        for event in self._events.read(logs):
            if isinstance(event, ContributionRegistered):
                return event
        return None

    def _receipt(self, transaction: TxHash) -> Mapping[str, Any] | None:
        return self._about(transaction, "eth_getTransactionReceipt", "transactionHash")

    def _sent(self, transaction: TxHash) -> Mapping[str, Any] | None:
        return self._about(transaction, "eth_getTransactionByHash", "hash")

    def _about(self, transaction: TxHash, method: str, name: str) -> Mapping[str, Any] | None:
        answer = self._node.ask(method, transaction)
        if answer is None:
            return None
        found = fields(answer)
        if hexadecimal(found.get(name), size=32) != transaction:
            raise nonsense("about the transaction that was asked for")
        return found

    @cached_property
    def _schedule(self) -> Schedule:
        """Immutable on chain, so asked once."""
        return self._contributions.schedule()


def _is_known_or_mined(said: str) -> bool:
    """How Geth, Nethermind, Besu, Erigon, Anvil and Ganache say that the nonce is taken care of."""
    words = (
        "already known",
        "known transaction",
        "alreadyknown",
        "already imported",
        "nonce too low",
        "correct nonce",
        "oldnonce",
        "replacement transaction underpriced",
        "transaction underpriced",
    )
    return any(word in said.lower() for word in words)
