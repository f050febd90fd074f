"""Consents replayed from the ledger: every grant and revoke, by whom, and what held when."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.crypto.signed_messages import consent_hash, domain_hash, revocation_hash, signer_of
from backend.domain.audit_checks import Check
from backend.domain.consent import ALL_PURPOSES, Kind
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address
from backend.domain.ledger import (
    Call,
    Cause,
    ConsentGranted,
    ConsentRevoked,
    Entry,
    Grant,
    Place,
    Revoke,
    RevokeBySignature,
)
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.causes import calls_behind, directly
from backend.use_cases.audit.tally import Tally, hexed, where

DOMAIN = "VitalMint ConsentRegistry"
ALL_KINDS = sum(kind.bit for kind in Kind)


@dataclass(frozen=True)
class Standing:
    """What a contributor's consent is after a grant or revoke; `grant` None when revoked."""

    order: int
    granted_at: int
    grant: ConsentGranted | None


@dataclass(frozen=True)
class ConsentBook:
    """Every contributor's standings in order, and the nonce that each must use next."""

    standings: dict[Address, list[Standing]] = field(default_factory=lambda: defaultdict(list))
    nonces: dict[Address, int] = field(default_factory=lambda: defaultdict(int))

    def in_force(
        self, contributor: Address, kind: int, *, order: int, time: int
    ) -> ConsentGranted | None:
        """The consent that covered this kind just before entry `order`, at `time`."""
        history = self.standings.get(contributor, [])
        before = bisect_left(history, order, key=lambda standing: standing.order)
        if before == 0:
            return None
        standing = history[before - 1]
        grant = standing.grant
        if grant is None or not (grant.kinds >> kind) & 1:
            return None
        return grant if standing.granted_at <= time < grant.expires_at else None

    def covered(self, contributor: Address, kind: int, purposes: int, *, time: int) -> bool:
        """Whether a consent to these purposes was in force at any instant of that second."""
        history = self.standings.get(contributor, [])
        for at, standing in enumerate(history):
            grant = standing.grant
            until = history[at + 1].granted_at if at + 1 < len(history) else time
            if (
                grant is not None
                and (grant.kinds >> kind) & 1
                and grant.purposes & purposes == purposes
                and standing.granted_at <= time <= until
                and time < grant.expires_at
            ):
                return True
        return False


def audit_consents(
    entries: Sequence[Entry], deployment: Deployment, *, evidence: ChainEvidence, tally: Tally
) -> ConsentBook:
    """Replays and judges every grant and revoke."""
    book = ConsentBook()
    signing = _Signing(deployment, evidence, tally)
    for order, entry in enumerate(entries):
        event = entry.event
        if not isinstance(event, ConsentGranted | ConsentRevoked):
            continue
        verb = "grant" if isinstance(event, ConsentGranted) else "revoke"
        subject = f"{verb} by {hexed(event.contributor)} ({where(entry.place)})"
        tally.same(
            Check.CONSENT_NONCES,
            subject,
            {"nonce": book.nonces[event.contributor]},
            {"nonce": event.nonce},
        )
        book.nonces[event.contributor] = event.nonce + 1
        grant = event if isinstance(event, ConsentGranted) else None
        if grant is not None:
            _check_terms(subject, grant, entry.place.time, tally)
            signing.check_grant(subject, grant, entry)
        else:
            assert isinstance(event, ConsentRevoked)
            signing.check_revoke(subject, event, entry)
        book.standings[event.contributor].append(Standing(order, entry.place.time, grant))
    return book


def _check_terms(subject: str, grant: ConsentGranted, time: int, tally: Tally) -> None:
    tally.same(
        Check.CONSENT_TERMS,
        subject,
        {"kinds are known": True, "purposes are known": True, "expires later": True},
        {
            "kinds are known": 0 < grant.kinds <= ALL_KINDS,
            "purposes are known": 0 < grant.purposes <= int(ALL_PURPOSES),
            "expires later": time < grant.expires_at,
        },
    )


class _Signing:
    """Holds each grant and revoke to the transaction that caused it."""

    def __init__(self, deployment: Deployment, evidence: ChainEvidence, tally: Tally) -> None:
        self._registry = deployment.address(ContractName.CONSENTS)
        self._domain = domain_hash(DOMAIN, deployment.chain_id, self._registry)
        self._evidence = evidence
        self._tally = tally

    def check_grant(self, subject: str, event: ConsentGranted, entry: Entry) -> None:
        """A signed message must say what the event says, and be signed by the contributor."""
        place = entry.place
        calls = [one for one in self._calls(entry.cause) if isinstance(one, Grant)]
        closest = next((one for one in calls if self._explains(one, event, place)), None)
        if closest is None and calls and directly(entry.cause, self._registry):
            closest = calls[0]
        if closest is None:
            self._unexplained(subject, entry.cause)
            return
        signer = self._grantor(closest)
        self._judge(subject, event.contributor, signer, closest.deadline, place)
        for name, (signed, said) in _grant_faults(closest, event).items():
            self._tally.that(
                Check.CONSENT_SIGNED, f"{subject}: {name}", False, expected=signed, found=said
            )

    def check_revoke(self, subject: str, event: ConsentRevoked, entry: Entry) -> None:
        """By the contributor's own transaction, or by their signature over this nonce."""
        contributor, place = event.contributor, entry.place
        calls = self._calls(entry.cause)
        for one in calls:
            if isinstance(one, RevokeBySignature) and one.contributor == contributor:
                signer = self._revoker(one, event.nonce)
                genuine = signer == contributor and place.time <= one.deadline
                if genuine or directly(entry.cause, self._registry):
                    self._judge(subject, contributor, signer, one.deadline, place)
                    return
        if directly(entry.cause, self._registry):
            own = any(isinstance(one, Revoke) for one in calls)
            sender = entry.cause.sender if own else None
            self._judge(subject, contributor, sender, place.time, place)
        else:
            self._unexplained(subject, entry.cause)

    def _explains(self, call: Grant, event: ConsentGranted, place: Place) -> bool:
        """Whether this call alone can have brought the event about."""
        if _grant_faults(call, event) or place.time > call.deadline:
            return False
        return self._grantor(call) == event.contributor

    def _grantor(self, call: Grant) -> Address | None:
        message = consent_hash(
            call.contributor,
            call.kinds,
            call.purposes,
            call.custodial,
            call.expires_at,
            call.nonce,
            call.deadline,
            domain=self._domain,
        )
        return signer_of(message, call.signature)

    def _revoker(self, call: RevokeBySignature, nonce: int) -> Address | None:
        message = revocation_hash(call.contributor, nonce, call.deadline, domain=self._domain)
        return signer_of(message, call.signature)

    def _calls(self, cause: Cause) -> list[Call]:
        return calls_behind(cause, ContractName.CONSENTS, self._registry, self._evidence)

    def _judge(
        self,
        subject: str,
        contributor: Address,
        signer: Address | None,
        deadline: int,
        place: Place,
    ) -> None:
        self._tally.same(
            Check.CONSENT_SIGNED,
            subject,
            {"signed by": contributor, "submitted in time": True},
            {"signed by": signer, "submitted in time": place.time <= deadline},
        )

    def _unexplained(self, subject: str, cause: Cause) -> None:
        """No message in the transaction tells why: a breach, unless a contract was called.

        A contract may hold the message itself and be sent anything at all, so that what does not
        explain the event proves nothing: a breach here could be caused by anybody.
        """
        if directly(cause, self._registry):
            self._tally.that(
                Check.CONSENT_SIGNED,
                subject,
                False,
                expected="a signed message in its transaction",
                found=None,
            )
            return
        self._tally.note(
            Check.CONSENT_SIGNED,
            subject,
            f"sent through the contract {hexed(cause.to)}: no message that explains it can "
            "be read from the transaction, so that the contributor's will rests on the registry's "
            "code alone",
        )


def _grant_faults(call: Grant, event: ConsentGranted) -> dict[str, tuple[object, object]]:
    """What the message and the event say differently, as (signed, said)."""
    names = ("contributor", "kinds", "purposes", "custodial", "expires_at", "nonce")
    both = {name: (getattr(call, name), getattr(event, name)) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] != pair[1]}
