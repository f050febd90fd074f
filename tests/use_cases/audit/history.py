"""A deployment that has been used for weeks in every way the contracts allow, on a real chain."""

import random
from dataclasses import dataclass, field

from eth_account import Account
from eth_account.signers.local import LocalAccount

from backend.crypto.cid import digest_of
from backend.crypto.sealing import SealContext, seal
from backend.domain.consent import Kind
from backend.domain.identifiers import AccountId, ContentDigest, ContributionId, KeyId
from tests.use_cases.audit.chain_hand import (
    CARE,
    CGM,
    FORWARDER,
    IMAGE,
    MOTION,
    TRAINING,
    VITALS,
    Hand,
)

DAY = 86_400
SMALL, LARGE = 300, 1_100_000


@dataclass
class People:
    """Everybody who acts; the last three hold no role at first."""

    operator: LocalAccount
    recorder: LocalAccount
    custodial: LocalAccount
    own: LocalAccount
    careful: LocalAccount
    relayed: LocalAccount
    next_recorder: LocalAccount
    bystander: LocalAccount


@dataclass
class History:
    """What was done, for tests to pick from."""

    hand: Hand
    people: People
    contents: dict[ContentDigest, bytes] = field(default_factory=dict)
    """What an honest store holds: everything registered and not erased."""
    erased: dict[ContentDigest, bytes] = field(default_factory=dict)


class Writer:
    """Makes the history step by step; everything random comes from one seed."""

    def __init__(self, hand: Hand, people: People, seed: int = 7) -> None:
        self.history = History(hand, people)
        self._hand = hand
        self._random = random.Random(seed)
        self._nonces: dict[str, int] = {}

    def write(self) -> History:
        """Three weeks of use."""
        people = self.history.people
        forwarder = self._forwarder()
        self._first_consents()
        first = [
            self.register(people.custodial, CGM, 10_000),
            self.register(people.own, IMAGE, 8_123, size=LARGE),
            self.register(people.careful, CGM, 9_000),
            self.register(people.custodial, VITALS, 0, legacy=True),
        ]
        self._pause_and_resume()
        self.tell(people.recorder, "ContributionRegistry", "register", *self._fields(first[0]))
        self._busy_day()
        self._change_consents()
        self._erase(first)
        self._move_tokens()
        self._hand_over(forwarder)
        self._one_full_block()
        self._hand.chain.mine(3)
        return self.history

    def grant(self, signer: LocalAccount, **changes: object) -> None:
        """A relayed grant with the signer's next nonce."""
        message, signature = self._hand.signed_consent(signer, nonce=self._spend(signer), **changes)
        self.tell(
            self.history.people.recorder, "ConsentRegistry", "grant", tuple(message), signature
        )

    def register(
        self,
        contributor: LocalAccount,
        kind: int,
        quality: int,
        *,
        size: int = SMALL,
        recorder: LocalAccount | None = None,
        **changes: object,
    ) -> ContentDigest:
        """Seal something fresh, keep it, and have the recorder register it."""
        content = self._envelope(kind, size)
        digest = digest_of(content)
        self.history.contents[digest] = content
        self.tell(
            recorder or self.history.people.recorder,
            "ContributionRegistry",
            "register",
            digest.sha256,
            digest.codec,
            kind,
            contributor.address,
            quality,
            **changes,
        )
        return digest

    def tell(self, sender: LocalAccount, contract: str, function: str, *arguments: object,
             **changes: object) -> None:  # fmt: skip
        self._hand.tell(sender, contract, function, *arguments, **changes)

    def _first_consents(self) -> None:
        people = self.history.people
        self.grant(people.custodial, custodial=True)
        self.grant(people.own, kinds=1 << CGM | 1 << IMAGE, purposes=CARE | TRAINING)
        self.grant(people.careful, purposes=CARE, expiresAt=self._hand.time() + 5 * DAY)

    def _pause_and_resume(self) -> None:
        operator = self.history.people.operator
        self.tell(operator, "ContributionRegistry", "pause")
        self.tell(operator, "ContributionRegistry", "unpause")

    def _busy_day(self) -> None:
        """Up to the daily cap of 300 tokens, then the next day."""
        people = self.history.people
        self._next_day()
        for quality in (10_000, 9_999, 10_000):
            self.register(people.custodial, CGM, quality)
        self._next_day()
        self.register(people.custodial, MOTION, 3_333, access=self._hand.address("RewardToken"))

    def _change_consents(self) -> None:
        people = self.history.people
        self.tell(people.own, "ConsentRegistry", "revoke")
        self._spend(people.own)
        self.grant(people.own, kinds=1 << CGM, expiresAt=self._hand.time() + 30 * DAY)
        self.register(people.own, CGM, 5_000)
        deadline, signature = self._hand.signed_revocation(
            people.custodial, self._spend(people.custodial)
        )
        self.tell(
            people.recorder,
            "ConsentRegistry",
            "revokeBySignature",
            people.custodial.address,
            deadline,
            signature,
        )
        self.grant(people.custodial, custodial=True, kinds=1 << CGM | 1 << VITALS)
        self.grant(people.custodial, custodial=True, purposes=CARE | TRAINING)
        self.register(people.custodial, VITALS, 10_000)

    def _erase(self, digests: list[ContentDigest]) -> None:
        people = self.history.people
        by = {0: people.recorder, 2: people.careful}
        for at, sender in by.items():
            digest = digests[at]
            self.tell(sender, "ContributionRegistry", "markErased", digest.sha256)
            self.history.erased[digest] = self.history.contents.pop(digest)

    def _move_tokens(self) -> None:
        people, token = self.history.people, "RewardToken"
        self.tell(people.custodial, token, "transfer", people.bystander.address, 1_234_567)
        self.tell(people.custodial, token, "approve", people.own.address, 500)
        self.tell(
            people.own,
            token,
            "transferFrom",
            people.custodial.address,
            people.careful.address,
            400,
        )
        permit = self._hand.signed_permit(people.own, people.bystander.address, 77)
        self.tell(
            people.bystander,
            token,
            "permit",
            people.own.address,
            people.bystander.address,
            77,
            *permit,
        )

    def _hand_over(self, forwarder: str) -> None:
        """A relayed grant, a contract that revokes, then another recorder."""
        people, registry = self.history.people, "ContributionRegistry"
        message, signature = self._hand.signed_consent(
            people.relayed, nonce=self._spend(people.relayed), custodial=True
        )
        self._through(forwarder, "ConsentRegistry", "grant", tuple(message), signature)
        self._through(forwarder, "ConsentRegistry", "revoke")
        self.tell(people.operator, registry, "proposeRecorder", people.bystander.address)
        self.tell(people.operator, registry, "proposeRecorder", "0x" + "00" * 20)
        self.tell(people.operator, registry, "proposeRecorder", people.next_recorder.address)
        self.tell(people.next_recorder, registry, "acceptRecorder")
        self._next_day()
        self.register(people.relayed, CGM, 7_000, recorder=people.next_recorder)

    def _one_full_block(self) -> None:
        """Several registrations and somebody else's transaction in one block."""
        people = self.history.people
        self._hand.chain.stop_mining()
        for ahead in range(3):
            self.register(
                people.relayed,
                MOTION,
                1_000 + ahead,
                recorder=people.next_recorder,
                ahead=ahead,
            )
        self._hand.send(people.bystander, people.own.address, value=5, legacy=True)
        self._hand.chain.start_mining()

    def _through(self, forwarder: str, contract: str, function: str, *arguments: object) -> None:
        target = bytes.fromhex(self._hand.address(contract)[2:])
        data = target + self._hand.data(contract, function, *arguments)
        self._hand.send(self.history.people.bystander, forwarder, data)

    def _forwarder(self) -> str:
        sent = self._hand.send(self.history.people.bystander, None, FORWARDER)
        return str(self._hand.receipt(sent)["contractAddress"])

    def _next_day(self) -> None:
        now = self._hand.time()
        self._hand.chain.set_time(now - now % DAY + DAY + 60)

    def _spend(self, signer: LocalAccount) -> int:
        nonce = self._nonces.get(signer.address, 0)
        self._nonces[signer.address] = nonce + 1
        return nonce

    def _envelope(self, kind: int, size: int) -> bytes:
        key_id = KeyId(self._random.randbytes(16).hex())
        context = SealContext(
            ContributionId(self._random.randbytes(16).hex()),
            AccountId(self._random.randbytes(16).hex()),
            Kind(kind),
        )
        return seal(
            self._random.randbytes(size),
            key=self._random.randbytes(32),
            key_id=key_id,
            nonce=self._random.randbytes(12),
            context=context,
        )

    def _fields(self, digest: ContentDigest) -> tuple[object, ...]:
        contributor = self.history.people.own.address
        return digest.sha256, digest.codec, CGM, contributor, 10_000


def people_of(keys: list[str]) -> People:
    """Eight funded accounts, the first left out: it deploys."""
    return People(*(Account.from_key(key) for key in keys[1:9]))
