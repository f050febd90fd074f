"""What the contracts answer at the audited block, against what their events add up to."""

from collections.abc import Mapping, Sequence

from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName
from backend.domain.evidence import Address
from backend.ports.chain_evidence import ChainEvidence, Value, View
from backend.use_cases.audit.audit_consents import ConsentBook
from backend.use_cases.audit.audit_desk import DeskBook
from backend.use_cases.audit.audit_registrations import Mark, Registered
from backend.use_cases.audit.audit_tokens import NOBODY, Holdings
from backend.use_cases.audit.tally import Tally, hexed, shown

Expected = dict[View, tuple[Value, ...]]


def check_desk_state(desk: DeskBook, *, block: int, evidence: ChainEvidence, tally: Tally) -> None:
    """Recorder, proposal and pause are as the last events left them."""
    registry, last = ContractName.REGISTRY, desk.last
    expected: Expected = {
        View(registry, "recorder"): (last.recorder,),
        View(registry, "proposedRecorder"): (last.proposed,),
        View(registry, "paused"): (last.paused,),
    }
    _compare(Check.DESK, expected, block, evidence, tally)


def check_consent_state(
    book: ConsentBook, *, block: int, evidence: ChainEvidence, tally: Tally
) -> None:
    """Every contributor's nonce and consent are as their last grant or revoke left them."""
    expected: Expected = {}
    for contributor, nonce in book.nonces.items():
        expected[View(ContractName.CONSENTS, "nonceOf", (contributor,))] = (nonce,)
        last = book.standings[contributor][-1]
        grant = last.grant
        expected[View(ContractName.CONSENTS, "consentOf", (contributor,))] = (
            (0, 0, False, 0, 0)
            if grant is None
            else (grant.kinds, grant.purposes, grant.custodial, last.granted_at, grant.expires_at)
        )
    _compare(Check.CONSENT_STATE, expected, block, evidence, tally)


def check_record_state(
    registered: Sequence[Registered],
    marks: Mapping[bytes, Mark],
    *,
    block: int,
    evidence: ChainEvidence,
    tally: Tally,
) -> None:
    """What the registry holds of each digest is what its events said."""
    expected: Expected = {
        View(ContractName.REGISTRY, "recordOf", (one.event.digest,)): (
            one.event.contributor,
            one.event.kind,
            one.event.codec,
            one.place.time,
            one.event.digest in marks,
        )
        for one in registered
    }
    _compare(Check.RECORD_STATE, expected, block, evidence, tally)


def check_balances(
    holdings: Holdings, *, block: int, evidence: ChainEvidence, tally: Tally
) -> int | None:
    """Supply = mints = balances, and each holder's balance; returns the supply as stated."""
    token = ContractName.TOKEN
    holders: list[Address] = [one for one in holdings.balances if one != NOBODY]
    _compare(
        Check.BALANCES,
        {View(token, "balanceOf", (one,)): (holdings.balances[one],) for one in holders},
        block,
        evidence,
        tally,
    )
    answer = evidence.views([View(token, "totalSupply")], block=block)[0]
    supply = None if answer is None else int(answer[0])
    tally.same(
        Check.SUPPLY,
        "total supply",
        {"sum of the mints": supply, "sum of the balances": supply},
        {
            "sum of the mints": sum(holdings.minted),
            "sum of the balances": sum(holdings.balances.values()),
        },
    )
    return supply


def _compare(
    check: Check, expected: Expected, block: int, evidence: ChainEvidence, tally: Tally
) -> None:
    answers = evidence.views(list(expected), block=block)
    for (view, wanted), answer in zip(expected.items(), answers, strict=True):
        named = ", ".join(
            hexed(one) if isinstance(one, bytes) else str(one) for one in view.arguments
        )
        tally.that(
            check,
            f"{view.contract}.{view.function}({named})",
            answer == wanted,
            expected=shown(wanted),
            found=shown(answer),
        )
