"""The three contracts as plain Python: the same checks in the same order, the same money."""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime

from backend.crypto.typed_data import consent_typed_data, recover_signer, revocation_typed_data
from backend.domain.chain_events import (
    ChainEvent,
    ConsentGranted,
    ConsentRevoked,
    ContributionErased,
    ContributionRegistered,
    Place,
    Registration,
    TokensMoved,
)
from backend.domain.consent import (
    ALL_PURPOSES,
    Consent,
    ConsentGrant,
    ConsentRevocation,
    Kind,
    Purpose,
)
from backend.domain.contribution import Schedule
from backend.domain.errors import (
    AlreadyErasedOnChain,
    AlreadyRegistered,
    ChainRejected,
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentNotInForceOnChain,
    ConsentRefused,
    ConsentSignerMismatch,
    DailyCapReached,
    EpochCapReached,
    NotRegisteredOnChain,
    RecorderRefused,
    RegistryPaused,
)
from backend.domain.identifiers import ContentDigest, TxHash, WalletAddress
from backend.domain.money import TokenAmount
from backend.domain.transaction import Call

NOBODY = WalletAddress("0x" + "00" * 20)
NOWHERE = Place(0, "", TxHash(""), 0)
CHAIN_ID = 31_337
CONSENT_REGISTRY = WalletAddress("0x" + "c0" * 20)
CONTRIBUTION_REGISTRY = WalletAddress("0x" + "c1" * 20)


@dataclass(frozen=True)
class Grant:
    grant: ConsentGrant
    signature: bytes


@dataclass(frozen=True)
class Revoke:
    """By signature when it has one, else by the sender's own transaction."""

    revocation: ConsentRevocation | None = None
    signature: bytes = b""


@dataclass(frozen=True)
class Register:
    digest: ContentDigest
    kind: Kind
    contributor: WalletAddress
    quality: int


@dataclass(frozen=True)
class MarkErased:
    digest: ContentDigest


Action = Grant | Revoke | Register | MarkErased


@dataclass
class Contracts:
    """The state of the chain after a block; actions change it or raise what the contract says."""

    schedule: Schedule
    recorder: WalletAddress
    paused: bool = False
    standing: dict[WalletAddress, Consent] = field(default_factory=dict)
    nonces: dict[WalletAddress, int] = field(default_factory=dict)
    records: dict[bytes, Registration] = field(default_factory=dict)
    balances: dict[WalletAddress, int] = field(default_factory=dict)
    paid_on_day: dict[tuple[WalletAddress, int], int] = field(default_factory=dict)
    paid_in_epoch: dict[int, int] = field(default_factory=dict)

    def copy(self) -> "Contracts":
        return deepcopy(self)

    def perform(self, action: Action, sender: WalletAddress, now: datetime) -> list[ChainEvent]:
        """What the action emits; nothing is changed when it raises."""
        if isinstance(action, Grant):
            return self._grant(action, now)
        if isinstance(action, Revoke):
            return self._revoke(action, sender, now)
        if isinstance(action, Register):
            return self._register(action, sender, now)
        return self._mark_erased(action, sender)

    def _grant(self, action: Grant, now: datetime) -> list[ChainEvent]:
        grant = action.grant
        nonce = self.nonces.get(grant.contributor, 0)
        _require_before(grant.deadline, now)
        if grant.nonce != nonce:
            raise ConsentNonceMismatch(f"signed for nonce {grant.nonce}, at {nonce}: sign anew")
        if not grant.kinds or not grant.purposes or grant.purposes not in ALL_PURPOSES:
            raise ConsentRefused("unknown kinds or purposes: name known ones")
        if grant.expires_at <= now:
            raise ConsentRefused("the consent would have ended already: choose a later end")
        typed = consent_typed_data(grant, chain_id=CHAIN_ID, registry=CONSENT_REGISTRY)
        _require_signed(typed, action.signature, grant.contributor)
        self.nonces[grant.contributor] = nonce + 1
        self.standing[grant.contributor] = Consent(
            grant.contributor, grant.kinds, grant.purposes, grant.custodial, now, grant.expires_at
        )
        return [
            ConsentGranted(
                NOWHERE,
                1,
                grant.contributor,
                grant.kinds,
                grant.purposes,
                grant.custodial,
                grant.expires_at,
                nonce,
            )
        ]

    def _revoke(self, action: Revoke, sender: WalletAddress, now: datetime) -> list[ChainEvent]:
        contributor = action.revocation.contributor if action.revocation else sender
        nonce = self.nonces.get(contributor, 0)
        if action.revocation is not None:
            _require_before(action.revocation.deadline, now)
            signed = replace(action.revocation, nonce=nonce)
            typed = revocation_typed_data(signed, chain_id=CHAIN_ID, registry=CONSENT_REGISTRY)
            _require_signed(typed, action.signature, contributor)
        self.standing.pop(contributor, None)
        self.nonces[contributor] = nonce + 1
        return [ConsentRevoked(NOWHERE, 1, contributor, nonce)]

    def _register(self, action: Register, sender: WalletAddress, now: datetime) -> list[ChainEvent]:
        contributor, kind = action.contributor, action.kind
        if sender != self.recorder:
            raise RecorderRefused(f"{sender} is not the recorder: hand the role over")
        if self.paused:
            raise RegistryPaused("registering is paused: it is tried again")
        if action.digest.sha256 in self.records:
            raise AlreadyRegistered(f"the digest {action.digest.hex} is registered already")
        purposes = self.purposes_in_force(contributor, kind, now)
        if not purposes:
            raise ConsentNotInForceOnChain(f"{contributor} has no consent in force for {kind.name}")
        training = Purpose.TRAINING in purposes
        reward = self.schedule.reward(kind, action.quality, training=training).base_units
        self._pay(contributor, reward, now)
        self.records[action.digest.sha256] = Registration(contributor, kind, now, False)
        registered = ContributionRegistered(
            NOWHERE, 1, action.digest, contributor, kind, action.quality, TokenAmount(reward)
        )
        minted = TokensMoved(NOWHERE, NOBODY, contributor, TokenAmount(reward))
        return [registered, minted] if reward else [registered]

    def _pay(self, contributor: WalletAddress, reward: int, now: datetime) -> None:
        day = (contributor, int(now.timestamp()) // 86_400)
        epoch = int(now.timestamp()) // self.schedule.epoch_length_s
        today = self.paid_on_day.get(day, 0) + reward
        this_epoch = self.paid_in_epoch.get(epoch, 0) + reward
        if reward and today > self.schedule.daily_cap.base_units:
            raise DailyCapReached(f"{contributor} would be paid {today} today")
        if reward and this_epoch > self.schedule.epoch_cap.base_units:
            raise EpochCapReached(f"all would be paid {this_epoch} in epoch {epoch}")
        self.paid_on_day[day] = today
        self.paid_in_epoch[epoch] = this_epoch
        self.balances[contributor] = self.balances.get(contributor, 0) + reward

    def _mark_erased(self, action: MarkErased, sender: WalletAddress) -> list[ChainEvent]:
        record = self.records.get(action.digest.sha256)
        if record is None:
            raise NotRegisteredOnChain(f"the digest {action.digest.hex} was never registered")
        if record.erased:
            raise AlreadyErasedOnChain(f"the digest {action.digest.hex} is marked already")
        if sender not in (self.recorder, record.contributor):
            raise RecorderRefused(f"{sender} is neither recorder nor contributor")
        self.records[action.digest.sha256] = replace(record, erased=True)
        return [ContributionErased(NOWHERE, 1, action.digest.sha256, record.contributor)]

    def purposes_in_force(self, contributor: WalletAddress, kind: Kind, now: datetime) -> Purpose:
        consent = self.standing.get(contributor)
        if consent is None or kind not in consent.kinds or now >= consent.expires_at:
            return Purpose(0)
        return consent.purposes


class Calldata:
    """Gives each action bytes to stand for it in a `Call`, and finds it again."""

    def __init__(self) -> None:
        self._actions: list[Action] = []

    def call(self, action: Action) -> Call:
        self._actions.append(action)
        of_consents = isinstance(action, Grant | Revoke)
        target = CONSENT_REGISTRY if of_consents else CONTRIBUTION_REGISTRY
        return Call(target, (len(self._actions) - 1).to_bytes(8, "big"), 200_000)

    def action(self, call: Call) -> Action:
        return self._actions[int.from_bytes(call.data, "big")]


def _require_before(deadline: datetime, now: datetime) -> None:
    if now > deadline:
        raise ConsentDeadlinePassed(f"could be submitted until {deadline}: sign a new one")


def _require_signed(typed: dict[str, object], signature: bytes, expected: WalletAddress) -> None:
    signer = recover_signer(typed, signature)
    if signer != expected:
        raise ConsentSignerMismatch(f"signed by {signer}, not by {expected}: sign again")


__all__ = ["Action", "Calldata", "ChainRejected", "Contracts"]
