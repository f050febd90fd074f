"""A chain in memory: blocks, a pool of waiting transactions, reorganisations, and the contracts."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.chain_events import (
    Block,
    ChainEvent,
    ContributionRegistered,
    Place,
    Registration,
)
from backend.domain.consent import Consent, ConsentGrant, ConsentRevocation, Kind
from backend.domain.contribution import Schedule
from backend.domain.errors import ChainRejected, ChainUnavailable, ConsentRefused
from backend.domain.identifiers import ContentDigest, TxHash, WalletAddress
from backend.domain.money import TokenAmount
from backend.domain.transaction import Call, Confirmation, Fees, SignedTransaction
from backend.ports.clock import Clock
from tests.fakes.blocks import Mined, Waiting, block_hash, mineable, outbids
from tests.fakes.contracts import (
    CHAIN_ID,
    CONSENT_REGISTRY,
    CONTRIBUTION_REGISTRY,
    Action,
    Calldata,
    Contracts,
    Grant,
    MarkErased,
    Register,
    Revoke,
)

RELAYER = WalletAddress("0x" + "4e" * 20)
SCHEDULE = Schedule(
    rates={
        Kind.CGM: TokenAmount(100_000_000),
        Kind.VITALS: TokenAmount(20_000_000),
        Kind.MOTION: TokenAmount(30_000_000),
        Kind.IMAGE: TokenAmount(50_000_000),
    },
    daily_cap=TokenAmount(300_000_000),
    epoch_cap=TokenAmount(2_000_000_000),
    epoch_length_s=7 * 86_400,
)


class FakeChain:
    """`Chain` and `ChainHistory` at once. The attributes are the ways in which it can behave."""

    chain_id = CHAIN_ID
    relayer = RELAYER
    consent_registry = CONSENT_REGISTRY
    contribution_registry = CONTRIBUTION_REGISTRY
    first_block = 1

    def __init__(self, clock: Clock, schedule: Schedule = SCHEDULE) -> None:
        self._clock = clock
        self._calls = Calldata()
        self._guard = threading.RLock()
        self._pool: dict[tuple[WalletAddress, int], Waiting] = {}
        self._signed: dict[TxHash, Waiting] = {}
        self._salt = 0
        self.down = False
        """No question is answered."""
        self.mining = True
        """Whether a transaction is mined as soon as it comes."""
        self.base_fee = 10**9
        self.ether = 10**20
        self.emptied: set[WalletAddress] = set()
        """Accounts that cannot pay for gas."""
        self.lag = 0
        """How many blocks behind the node is that tells the contracts' state."""
        self._blocks = [self._genesis(Contracts(schedule, RELAYER))]

    # What a test does to it

    def mine(self, blocks: int = 1) -> None:
        """The waiting transactions in the first of them, as far as nonces and fees allow."""
        with self._guard:
            for _ in range(blocks):
                mined = self._next()
                while (waiting := mineable(self._pool.values(), mined, self.base_fee)) is not None:
                    del self._pool[waiting.signer, waiting.nonce]
                    mined.nonces[waiting.signer] = waiting.nonce + 1
                    mined.outcomes[waiting.hash] = self._perform(mined, waiting)
                self._blocks.append(mined)

    def act(self, action: Action, sender: WalletAddress) -> None:
        """Somebody's own transaction, past the relayer, in a block of its own."""
        with self._guard:
            mined = self._next()
            self._emit(mined, mined.contracts.perform(action, sender, mined.block.time), "ff" * 32)
            mined.nonces[sender] = mined.nonces.get(sender, 0) + 1
            self._blocks.append(mined)

    def stand(self, consents: Iterable[Consent]) -> None:
        """Consents that were granted before the test began."""
        with self._guard:
            standing = self._blocks[-1].contracts.standing
            standing.update({consent.contributor: consent for consent in consents})

    def hand_over(self, to: WalletAddress) -> None:
        """Another account becomes recorder, and the service goes on with its key."""
        with self._guard:
            mined = self._next()
            mined.contracts.recorder = to
            self._blocks.append(mined)
            self.relayer = to

    def plant(self, event: ChainEvent) -> None:
        """An event that the contracts never emitted, in a block of its own."""
        with self._guard:
            mined = self._next()
            self._emit(mined, [event], "ee" * 32)
            self._blocks.append(mined)

    def pause(self, paused: bool = True) -> None:
        with self._guard:
            mined = self._next()
            mined.contracts.paused = paused
            self._blocks.append(mined)

    def reorganise(self, height: int, *, grow: bool = True) -> None:
        """Undo every block above `height` and forget its transactions; others take their place."""
        with self._guard:
            undone = len(self._blocks) - 1 - height
            del self._blocks[height + 1 :]
            self._pool.clear()
            for _ in range(undone if grow else 0):
                self._blocks.append(self._next())

    @property
    def height(self) -> int:
        return len(self._blocks) - 1

    # Chain

    def consent_of(self, contributor: WalletAddress) -> Consent | None:
        return self._state().standing.get(contributor)

    def consent_nonce(self, contributor: WalletAddress) -> int:
        return self._state().nonces.get(contributor, 0)

    def registration_of(self, digest: ContentDigest) -> Registration | None:
        return self._state().records.get(digest.sha256)

    def balance_of(self, wallet: WalletAddress) -> TokenAmount:
        return TokenAmount(self._state().balances.get(wallet, 0))

    def schedule(self) -> Schedule:
        return self._state().schedule

    def relayer_balance(self) -> int:
        self._answer()
        return self.ether

    def grant_call(self, grant: ConsentGrant, signature: bytes) -> Call:
        return self._prepared(Grant(grant, signature))

    def revoke_call(self, revocation: ConsentRevocation, signature: bytes) -> Call:
        return self._prepared(Revoke(revocation, signature))

    def register_call(
        self, digest: ContentDigest, kind: Kind, contributor: WalletAddress, quality: int
    ) -> Call:
        return self._prepared(Register(digest, kind, contributor, quality))

    def mark_erased_call(self, digest: ContentDigest) -> Call:
        return self._prepared(MarkErased(digest))

    def suggested_fees(self) -> Fees:
        self._answer()
        return Fees(2 * self.base_fee + 10**9, 10**9)

    def next_nonce(self) -> int:
        return self.nonce_after_mined(self.relayer)

    def nonce_after_mined(self, signer: WalletAddress) -> int:
        self._answer()
        return self._blocks[-1].nonces.get(signer, 0)

    def recorder(self) -> WalletAddress:
        return self._state().recorder

    def sign(self, call: Call, *, nonce: int, fees: Fees) -> SignedTransaction:
        raw = repr((self.relayer, call.to, call.data, nonce, fees)).encode()
        name = TxHash("0x" + hashlib.sha256(raw).hexdigest())
        action = self._calls.action(call)
        self._signed[name] = Waiting(name, self.relayer, nonce, fees, action)
        return SignedTransaction(name, raw, fees, self._clock.now())

    def broadcast(self, signed: SignedTransaction) -> None:
        self._answer()
        waiting = self._signed[signed.hash]
        if self.ether == 0 or waiting.signer in self.emptied:
            raise ChainUnavailable("the relayer has too little ether: send it some")
        with self._guard:
            earlier = self._pool.get((waiting.signer, waiting.nonce))
            spent = waiting.nonce < self.nonce_after_mined(waiting.signer)
            if spent or (earlier and not outbids(waiting, earlier)):
                return
            self._pool[waiting.signer, waiting.nonce] = waiting
            if self.mining:
                self.mine()

    def confirmation(self, transaction: TxHash) -> Confirmation | None:
        self._answer()
        for mined in self._blocks:
            if transaction in mined.outcomes:
                return Confirmation(
                    hash=transaction,
                    block_number=mined.block.number,
                    block_hash=mined.block.hash,
                    block_time=mined.block.time,
                    depth=self.height - mined.block.number + 1,
                    succeeded=mined.outcomes[transaction] is None,
                )
        return None

    def revert_reason(self, transaction: TxHash) -> ChainRejected | ConsentRefused:
        self._answer()
        for mined in self._blocks:
            reason = mined.outcomes.get(transaction)
            if reason is not None:
                return reason
        return ChainRejected("the transaction is not on the chain any more: it is sent again")

    def registered_in(self, transaction: TxHash) -> ContributionRegistered | None:
        found = [one for one in self._registrations() if one.place.transaction == transaction]
        return found[0] if found else None

    def registration_event(self, digest: ContentDigest) -> ContributionRegistered | None:
        found = [one for one in self._registrations() if one.digest == digest]
        return found[0] if found else None

    # ChainHistory

    def head(self) -> Block:
        self._answer()
        return self._blocks[-1].block

    def block(self, number: int) -> Block | None:
        self._answer()
        return self._blocks[number].block if 0 <= number <= self.height else None

    def events(self, first: int, last: int) -> Iterator[ChainEvent]:
        self._answer()
        for mined in self._blocks[max(first, 0) : last + 1]:
            yield from mined.events

    # Inside

    def _answer(self) -> None:
        if self.down:
            raise ChainUnavailable("the chain's node did not answer: see that it runs")

    def _state(self) -> Contracts:
        self._answer()
        return self._blocks[max(self.height - self.lag, 0)].contracts

    def _prepared(self, action: Action) -> Call:
        self._state().copy().perform(action, self.relayer, self._next_time())
        return self._calls.call(action)

    def _registrations(self) -> list[ContributionRegistered]:
        events = self.events(0, self.height)
        return [event for event in events if isinstance(event, ContributionRegistered)]

    def _genesis(self, contracts: Contracts) -> Mined:
        start = self._clock.now().replace(microsecond=0) - timedelta(seconds=10)
        return Mined(Block(0, block_hash(0, ""), "0x" + "00" * 32, start), contracts, {RELAYER: 1})

    def _next(self) -> Mined:
        """The next block, still empty; never the same hash twice."""
        last = self._blocks[-1]
        self._salt += 1
        number = last.block.number + 1
        name = block_hash(self._salt, last.block.hash)
        block = Block(number, name, last.block.hash, self._next_time())
        return Mined(block, last.contracts.copy(), dict(last.nonces))

    def _next_time(self) -> datetime:
        return max(self._clock.now().replace(microsecond=0), self._blocks[-1].block.time)

    def _perform(self, mined: Mined, waiting: Waiting) -> ChainRejected | ConsentRefused | None:
        try:
            events = mined.contracts.perform(waiting.action, waiting.signer, mined.block.time)
        except (ChainRejected, ConsentRefused) as refused:
            return refused
        self._emit(mined, events, waiting.hash.removeprefix("0x"))
        return None

    def _emit(self, mined: Mined, events: list[ChainEvent], transaction: str) -> None:
        for event in events:
            place = Place(
                mined.block.number, mined.block.hash, TxHash("0x" + transaction), len(mined.events)
            )
            mined.events.append(replace(event, place=place))
