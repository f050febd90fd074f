"""Every opening of a summary stands in the owner's access log before it happens."""

from dataclasses import replace
from typing import Any

import pytest

from backend.domain.identifiers import AccountId, ContributionId, KeyId
from backend.ports import Ports
from backend.use_cases.list_access_log import list_access_log
from backend.use_cases.read_contribution import list_contributions, show_contribution
from tests.http.browser import Browser, cgm_file


@pytest.fixture
def account_id(patient: Browser) -> AccountId:
    """The patient's, with a consent in force."""
    patient.give_consent()
    return AccountId(patient.get("/api/session").json()["account_id"])


def upload(patient: Browser, first_value: int = 90) -> dict[str, Any]:
    answer = patient.upload("/api/contributions", cgm_file(first_value=first_value))
    assert answer.status_code == 202, answer.text
    told: dict[str, Any] = answer.json()
    return told


def openings(patient: Browser) -> list[tuple[str, str, str]]:
    """(actor, subject, purpose) of everything but the wallet that signed the consent."""
    entries = patient.get("/api/access-log").json()["entries"]
    told = [(entry["actor"], entry["subject"], entry["purpose"]) for entry in entries]
    return [entry for entry in told if entry[1] != "wallet"]


def test_an_upload_is_answered_from_what_was_read_and_opens_nothing(
    patient: Browser, account_id: AccountId
) -> None:
    told = upload(patient)
    assert openings(patient) == []
    assert told["summary"]["fields"]["readings"] == 576
    assert told == patient.get(f"/api/contributions/{told['contribution_id']}").json()


def test_showing_one_summary_is_one_line_that_names_it(
    patient: Browser, account_id: AccountId
) -> None:
    wanted = upload(patient)["contribution_id"]
    assert patient.get(f"/api/contributions/{wanted}").json()["summary"] is not None
    assert openings(patient) == [(account_id, wanted, "summary shown")]


def test_a_list_of_summaries_is_one_line(patient: Browser, account_id: AccountId) -> None:
    upload(patient)
    upload(patient, first_value=130)
    shown = patient.get("/api/contributions").json()["contributions"]
    assert [entry["summary"]["kind"] for entry in shown] == ["cgm", "cgm"]
    assert openings(patient) == [(account_id, "summaries", "summary shown")]


def test_where_nothing_is_to_be_opened_nothing_is_written(
    patient: Browser, account_id: AccountId
) -> None:
    patient.get("/api/contributions")
    erased = upload(patient)["contribution_id"]
    assert patient.send("DELETE", f"/api/contributions/{erased}").status_code == 200
    (shown,) = patient.get("/api/contributions").json()["contributions"]
    assert shown["summary"] is None
    assert patient.get(f"/api/contributions/{erased}").json()["summary"] is None
    assert openings(patient) == []


class WatchedKeys:
    """A keyring that looks into the access log whenever a key is opened."""

    def __init__(self, ports: Ports, account_id: AccountId) -> None:
        self._ports = ports
        self._account_id = account_id
        self.last_subjects: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ports.keys, name)

    def open(self, key_id: KeyId) -> bytes:
        entries = list_access_log(self._account_id, ports=self._ports).entries
        self.last_subjects.append(entries[-1].subject)
        return self._ports.keys.open(key_id)


def test_the_line_is_there_when_the_key_is_opened(
    patient: Browser, account_id: AccountId, ports: Ports
) -> None:
    wanted = ContributionId(upload(patient)["contribution_id"])
    keys = WatchedKeys(ports, account_id)
    watched = replace(ports, keys=keys)
    list_contributions(account_id, ports=watched)
    show_contribution(account_id, wanted, ports=watched)
    assert keys.last_subjects == ["summaries", wanted]
