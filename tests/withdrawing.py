"""People who take back their consent, erase a record or leave while a run is under way."""

from backend.domain.account import Account
from backend.domain.consent import ALL_PURPOSES
from backend.domain.identifiers import AccountId, RunId
from backend.use_cases.erase_account import forget_account
from backend.use_cases.erase_contribution import EraseContribution, erase_contribution
from tests.cohorts import Studio
from tests.trainees import Clinic

PRIVATE = {"generator": "pretending_privately", "epsilon": 4.0, "delta": 1e-5}


def real_person(studio: Studio, login: str = "haneul") -> AccountId:
    """Signed up as people do, with a wallet that the service keeps."""
    clinic = Clinic(studio.ports, studio.clock, studio.chain)
    account_id = clinic.person(login, purposes=ALL_PURPOSES)
    clinic.contribute(account_id)
    return account_id


def erase(studio: Studio, person: Account) -> None:
    command = EraseContribution(person.id, studio.record_of(person))
    erase_contribution(command, ports=studio.ports)


def forget(studio: Studio, person: Account) -> None:
    with studio.ports.database.write() as unit:
        forget_account(unit, person.id, studio.clock.now(), studio.ports)


def nothing_is_left(studio: Studio, run_id: RunId) -> None:
    assert studio.dataset(run_id) is None and studio.checkpoint(run_id) is None
    studio.settle()
    assert studio.key_state(run_id) == "destroyed"
    with studio.ports.database.read() as unit:
        named = unit.runs.own_contents(run_id)
        assert unit.privacy_ledger.of_run(run_id) == []
    assert not set(named) & studio.ports.content.pinned()
