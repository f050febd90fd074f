"""What stays after an erasure is said in full, before consenting and with each receipt."""

from typing import Any

from tests.http.browser import Browser, cgm_file
from tests.people import PASSWORD

ON_CHAIN = {
    *("address", "digest", "kind", "time", "claimed quality", "amount", "erasure mark"),
    *("consents", "revocations"),
}
HERE = {"row of each contribution", "size", "times", "CID", "transactions", "keyed fingerprints"}
TERMS = {"kinds": ["cgm"], "purposes": ["care"], "expires_at": "2027-01-01T00:00:00Z"}


def unsaid(text: str, *words: str) -> set[str]:
    """What of all that stays the text does not name."""
    return {word for word in ON_CHAIN | HERE | set(words) if word not in text}


def test_consenting_to_it_says_what_no_erasure_takes_away(patient: Browser) -> None:
    text = patient.post("/api/consents/prepare", TERMS).json()["text"]
    assert unsaid(text, "earn nothing") == set()


def test_erasing_a_contribution_says_what_stays_and_keeps_just_that(patient: Browser) -> None:
    patient.give_consent()
    made: dict[str, Any] = patient.upload("/api/contributions", cgm_file()).json()
    path = f"/api/contributions/{made['contribution_id']}"
    assert unsaid(patient.send("DELETE", path).json()["remains"], "access log") == set()
    kept = patient.get(path).json()
    for name in ("kind", "size", "created_at", "cid", "digest"):
        assert kept[name] == made[name]
    assert (made["summary"] is None, kept["summary"]) == (False, None)


def test_leaving_says_what_stays_and_how_long_backups_link_address_and_person(
    patient: Browser,
) -> None:
    told = patient.post("/api/account/erasure", {"password": PASSWORD}).json()["remains"]
    assert unsaid(told, "login", "backups of the database", "final_from", "random id") == set()
