"""Every token followed from its mint to its holder, and every allowance to who gave it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.crypto.signed_messages import domain_hash, permit_hash, signer_of
from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address
from backend.domain.ledger import (
    Approval,
    Approve,
    ContributionRegistered,
    Entry,
    Permit,
    SentTokens,
    Transfer,
)
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.causes import directly
from backend.use_cases.audit.tally import Tally, shown, where

NOBODY = bytes(20)
DOMAIN = "VitalMint Reward"
UNLIMITED = 2**256 - 1


@dataclass(frozen=True)
class Holdings:
    """Who holds what after the last entry, and how much was ever minted."""

    balances: dict[Address, int] = field(default_factory=lambda: defaultdict(int))
    minted: list[int] = field(default_factory=list)


def audit_tokens(
    entries: Sequence[Entry], deployment: Deployment, *, evidence: ChainEvidence, tally: Tally
) -> Holdings:
    """Pairs every mint with its registration, and follows every token to its holder."""
    holdings = Holdings()
    allowances = _Allowances(deployment, evidence, tally)
    due: Entry | None = None
    for entry in entries:
        event = entry.event
        minting = isinstance(event, Transfer) and event.sender == NOBODY
        if due is not None or minting:
            _check_mint(due, entry if minting else None, tally)
        due = None
        if isinstance(event, ContributionRegistered) and event.reward > 0:
            due = entry
        if isinstance(event, Approval):
            allowances.give(event, entry)
        if isinstance(event, Transfer):
            _move(event, entry, holdings, tally)
            if not minting:
                allowances.spend(event, entry)
    if due is not None:
        _check_mint(due, None, tally)
    return holdings


def _check_mint(due: Entry | None, mint: Entry | None, tally: Tally) -> None:
    """A registration that pays is followed by its mint at once, and nothing else mints."""
    present = mint or due
    subject = "mint" if present is None else f"mint ({where(present.place)})"
    tally.that(
        Check.MINTS,
        subject,
        _as_paid(due) == _as_paid(mint),
        expected=shown(_as_paid(due)),
        found=shown(_as_paid(mint)),
    )


def _as_paid(entry: Entry | None) -> tuple[object, ...] | None:
    """(transaction, log, recipient, amount) of a mint, or of the one that must follow."""
    if entry is None:
        return None
    event, place = entry.event, entry.place
    if isinstance(event, ContributionRegistered):
        return place.transaction, place.log_index + 1, event.contributor, event.reward
    assert isinstance(event, Transfer)
    return place.transaction, place.log_index, event.recipient, event.value


def _move(event: Transfer, entry: Entry, holdings: Holdings, tally: Tally) -> None:
    """Tokens leave only who has them, and go to somebody."""
    covered = event.sender == NOBODY or holdings.balances[event.sender] >= event.value
    if event.sender == NOBODY:
        holdings.minted.append(event.value)
    else:
        holdings.balances[event.sender] -= event.value
    holdings.balances[event.recipient] += event.value
    tally.same(
        Check.TRANSFERS,
        f"transfer ({where(entry.place)})",
        {"covered by the sender's balance": True, "has a recipient": True},
        {
            "covered by the sender's balance": covered,
            "has a recipient": event.recipient != NOBODY,
        },
    )


class _Allowances:
    """Holds what a direct call to the token did to what its sender and signer may do.

    A contract that spends an allowance does so under its own rules: what it was allowed cannot
    be read from the transaction, and the token's code decides.
    """

    def __init__(self, deployment: Deployment, evidence: ChainEvidence, tally: Tally) -> None:
        self._token = deployment.address(ContractName.TOKEN)
        self._domain = domain_hash(DOMAIN, deployment.chain_id, self._token)
        self._evidence = evidence
        self._tally = tally
        self._allowed: dict[tuple[Address, Address], int] = defaultdict(int)
        self._given: dict[Address, int] = defaultdict(int)
        self._permits: dict[Address, int] = defaultdict(int)

    def give(self, event: Approval, entry: Entry) -> None:
        """An allowance: by its owner's transaction, or by their permit."""
        call = self._call(entry)
        if directly(entry.cause, self._token):
            expected: tuple[object, ...] | None = None
            if isinstance(call, Approve):
                expected = (entry.cause.sender, call.spender, call.value)
            if isinstance(call, Permit) and self._is_signed(call, entry.place.time):
                expected = (call.owner, call.spender, call.value)
            self._same("approval", entry, expected, (event.owner, event.spender, event.value))
        self._given[event.owner] += 1
        self._allowed[event.owner, event.spender] = event.value

    def spend(self, event: Transfer, entry: Entry) -> None:
        """A transfer: by the holder's transaction, or within what the sender is allowed."""
        if not directly(entry.cause, self._token):
            return
        call, sender = self._call(entry), entry.cause.sender
        expected: tuple[object, ...] | None = None
        if isinstance(call, SentTokens) and sender is not None:
            owner = sender if call.owner is None else call.owner
            if call.owner is None or self._take(call.owner, sender, call.value):
                expected = (owner, call.recipient, call.value)
        self._same("transfer", entry, expected, (event.sender, event.recipient, event.value))

    def _call(self, entry: Entry) -> object:
        return self._evidence.call(ContractName.TOKEN, entry.cause.input)

    def _take(self, owner: Address, spender: Address, value: int) -> bool:
        allowed = self._allowed[owner, spender]
        if allowed != UNLIMITED:
            self._allowed[owner, spender] = allowed - value
        return value <= allowed

    def _is_signed(self, call: Permit, time: int) -> bool:
        """Whether the owner signed it. A permit spent through a contract may lie in between, and
        each one announced an approval: the nonce is none spent here and at most their number."""
        if time > call.deadline:
            return False
        for nonce in range(self._permits[call.owner], self._given[call.owner] + 1):
            message = permit_hash(
                call.owner, call.spender, call.value, nonce, call.deadline, domain=self._domain
            )
            if signer_of(message, call.signature) == call.owner:
                self._permits[call.owner] = nonce + 1
                return True
        return False

    def _same(
        self,
        what: str,
        entry: Entry,
        expected: tuple[object, ...] | None,
        found: tuple[object, ...],
    ) -> None:
        self._tally.that(
            Check.TRANSFERS,
            f"{what} ({where(entry.place)}): who told the token so",
            expected == found,
            expected=shown(expected),
            found=shown(found),
        )
