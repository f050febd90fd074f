"""The contracts' storage at the audited block, proved, against what their events add up to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from backend.crypto.state_proofs import ProofBroken, StateProofs
from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, Terms
from backend.domain.evidence import AccountProof, Address, BlockHeader, SlotProof
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.ahead import fetched_ahead
from backend.use_cases.audit.audit_consents import ConsentBook
from backend.use_cases.audit.audit_desk import DeskBook
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.audit_tokens import NOBODY, Holdings
from backend.use_cases.audit.storage import (
    Cell,
    balance_cell,
    desk_cell,
    proposed_cell,
    record_cell,
    standing_cell,
    supply_cell,
    unpacked,
)
from backend.use_cases.audit.tally import Tally

SLOTS_AT_ONCE = 50
"""Some hundred kilobytes of proof."""

Fields = dict[str, int]
Expected = list[tuple[Check, Cell, Fields]]


@dataclass(frozen=True)
class Reckoning:
    """What the events add up to."""

    consents: ConsentBook
    desk: DeskBook
    registered: Sequence[Registered]
    marks: Mapping[bytes, Mark]
    holdings: Holdings


def check_state(
    reckoning: Reckoning, terms: Terms, head: BlockHeader, *, evidence: ChainEvidence, tally: Tally
) -> int | None:
    """Compares every word of storage that the events tell of; returns the proved supply."""
    expected = [
        *_consents(reckoning.consents),
        *_registry(reckoning, terms),
        *_token(reckoning.holdings),
    ]
    cells = [cell for _, cell, _ in expected]
    words = _proved_words(cells, head, evidence, tally)
    for check, cell, fields in expected:
        word = words.get((cell.contract, cell.slot))
        found = {} if word is None else unpacked(word, cell.packing)
        tally.same(check, cell.about, fields | {"unused bits": 0}, {"unused bits": 0} | found)
    cell = supply_cell()
    return words.get((cell.contract, cell.slot))


def _consents(book: ConsentBook) -> Expected:
    """Every contributor's nonce and consent, as the last grant or revoke left them."""
    expected: Expected = []
    for contributor, nonce in book.nonces.items():
        last = book.standings[contributor][-1]
        grant = last.grant
        fields = {
            "nonce": nonce,
            "grantedAt": last.granted_at if grant else 0,
            "expiresAt": grant.expires_at if grant else 0,
            "kinds": grant.kinds if grant else 0,
            "purposes": grant.purposes if grant else 0,
            "custodial": int(grant.custodial) if grant else 0,
        }
        expected.append((Check.CONSENT_STATE, standing_cell(contributor), fields))
    return expected


def _registry(reckoning: Reckoning, terms: Terms) -> Expected:
    """Each record as it was announced; desk and earnings as the last payments left them."""
    expected: Expected = []
    epochs: dict[int, int] = defaultdict(int)
    for one in reckoning.registered:
        event, time = one.event, one.place.time
        record = {
            "contributor": _number(event.contributor),
            "registeredAt": time,
            "kind": event.kind,
            "codec": event.codec,
            "erased": int(event.digest in reckoning.marks),
        }
        expected.append((Check.RECORD_STATE, record_cell(event.digest), record))
        if event.reward:
            epochs[time // max(terms.epoch_length, 1)] += event.reward
    desk, epoch = reckoning.desk.last, max(epochs, default=0)
    fields = {
        "recorder": _number(desk.recorder),
        "epoch": epoch,
        "minted": epochs[epoch],
        "paused": int(desk.paused),
    }
    expected.append((Check.DESK, desk_cell(), fields))
    expected.append((Check.DESK, proposed_cell(), {"value": _number(desk.proposed)}))
    return expected


def _token(holdings: Holdings) -> Expected:
    """Supply = mints = balances, and each holder's balance."""
    supply = {"value": sum(holdings.minted)}
    expected: Expected = [(Check.SUPPLY, supply_cell(), supply)]
    for holder, balance in holdings.balances.items():
        if holder != NOBODY:
            expected.append((Check.BALANCES, balance_cell(holder), {"value": balance}))
    return expected


def _proved_words(
    cells: Sequence[Cell], head: BlockHeader, evidence: ChainEvidence, tally: Tally
) -> dict[tuple[ContractName, bytes], int]:
    """The words that are really there under the head's state root, by contract and slot."""
    proofs = StateProofs(head.state_root)
    words: dict[tuple[ContractName, bytes], int] = {}
    for name in ContractName:
        slots = [cell.slot for cell in cells if cell.contract == name]
        ask = partial(evidence.proof, name, block=head.number)
        for _, account in fetched_ahead(slots, SLOTS_AT_ONCE, ask):
            if not _is_proved(name, account, proofs, tally):
                continue
            for one in account.slots:
                if _holds(f"{name}, word 0x{one.slot.hex()}", account, one, proofs, tally):
                    words[name, one.slot] = one.value
    return words


def _is_proved(
    name: ContractName, account: AccountProof, proofs: StateProofs, tally: Tally
) -> bool:
    try:
        proved = proofs.account(account)
    except ProofBroken:
        proved = False
    return tally.that(
        Check.STATE,
        f"{name}, its account",
        proved,
        expected="a proof",
        found="none that leads here",
    )


def _holds(
    subject: str, account: AccountProof, one: SlotProof, proofs: StateProofs, tally: Tally
) -> bool:
    try:
        proved = proofs.slot(account.storage_root, one)
    except ProofBroken:
        proved = False
    return tally.that(
        Check.STATE, subject, proved, expected="a proof", found="none that leads here"
    )


def _number(address: Address) -> int:
    return int.from_bytes(address, "big")
