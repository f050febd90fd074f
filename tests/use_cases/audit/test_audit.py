"""The audit of an honest history, and what it says of it."""

from backend.domain.audit_checks import MEANINGS, OF_RELEASES, Check
from backend.domain.audit_report import ContentState
from tests.use_cases.audit.conftest import Recorded


def test_an_honest_history_holds_in_every_check(recorded: Recorded) -> None:
    report = recorded.audit()
    assert report.breaches == ()
    assert report.holds
    assert {result.check for result in report.checks} == set(Check)
    unlooked = {result.check for result in report.checks if not result.checked}
    assert unlooked == OF_RELEASES, "no certificate was named"


def test_every_check_says_what_it_means_and_for_which_promise() -> None:
    assert MEANINGS.keys() == set(Check)
    assert all(meaning and promises for meaning, promises in MEANINGS.values())


def test_kept_wallets_and_own_ones_are_counted_apart(recorded: Recorded) -> None:
    totals = recorded.audit().totals
    assert (totals.grants, totals.grants_custodial) == (7, 4)
    assert (totals.contributions, totals.contributions_custodial) == (14, 11)
    assert totals.revocations == 3


def test_rewards_and_supply_are_added_up(recorded: Recorded) -> None:
    report = recorded.audit()
    assert report.totals.minted == report.totals.supply
    assert report.totals.minted == sum(line.reward for line in report.contributions) > 0
    assert report.totals.unpaid == 2


def test_erased_entries_say_so_and_name_who_marked_them(recorded: Recorded) -> None:
    erased = [line for line in recorded.audit().contributions if line.erased_by is not None]
    assert [line.state for line in erased] == [ContentState.ERASED, ContentState.ERASED]
    assert erased[0].erased_by != erased[0].contributor, "the first was marked by the recorder"
    assert erased[1].erased_by == erased[1].contributor, "the second by the contributor"


def test_a_revoke_through_a_contract_is_told_as_a_note(recorded: Recorded) -> None:
    notes = recorded.audit().notes
    assert [note.check for note in notes] == [Check.CONSENT_SIGNED]
    assert "through the contract" in notes[0].message


def test_a_grant_relayed_by_a_contract_is_proved_by_its_signature(recorded: Recorded) -> None:
    report = recorded.audit()
    signed = next(one for one in report.checks if one.check is Check.CONSENT_SIGNED)
    assert signed.checked == report.totals.grants + report.totals.revocations - 1


def test_the_report_names_the_hash_that_everything_hangs_on(recorded: Recorded) -> None:
    report = recorded.audit()
    assert report.chain.head_hash == recorded.evidence().head().claimed_hash
    assert report.chain.release is not None
