"""Training, forecast, figures and pictures over HTTP; for patients, each for their own."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI

from backend.http.schemas.forecast import ForecastShown
from backend.ports import Ports
from backend.use_cases.forecast_glucose import forecast_glucose
from tests.fakes.chain import FakeChain
from tests.fakes.models import ORIGIN
from tests.http.browser import Browser, cgm_file, enrol
from tests.stand_in_ports import SettableClock
from tests.trainees import Clinic

TRAININGS = "/api/forecast/trainings"


@pytest.fixture
def clinic(ports: Ports, clock: SettableClock, chain: FakeChain) -> Clinic:
    return Clinic(ports, clock, chain)


@pytest.fixture
def trainee(patient: Browser, clinic: Clinic) -> Browser:
    """A patient with a consent and an anchored record."""
    patient.give_consent()
    assert patient.upload("/api/contributions", cgm_file()).status_code == 202
    clinic.settle()
    return patient


def trained(browser: Browser, clinic: Clinic) -> str:
    asked = browser.post(TRAININGS)
    assert asked.status_code == 202, asked.text
    clinic.settle(training=True)
    return str(asked.json()["training_id"])


def test_a_training_is_accepted_runs_and_shows_how_it_stands(
    trainee: Browser, clinic: Clinic
) -> None:
    asked = trainee.post(TRAININGS)
    assert asked.status_code == 202
    told = asked.json()
    assert (told["state"], told["progress"], told["has_model"]) == ("queued", 0.0, False)
    assert trainee.post(TRAININGS).json()["code"] == "training_under_way"
    clinic.settle(training=True)
    shown = trainee.get(f"{TRAININGS}/{told['training_id']}").json()
    assert (shown["state"], shown["progress"], shown["has_model"]) == ("finished", 1.0, True)
    assert trainee.get(TRAININGS).json()["trainings"] == [shown]


def test_a_training_without_consent_or_record_says_what_to_do(
    patient: Browser, clinic: Clinic
) -> None:
    refused = patient.post(TRAININGS)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_not_granted")
    patient.give_consent()
    refused = patient.post(TRAININGS)
    assert (refused.status_code, refused.json()["code"]) == (422, "not_enough_data")
    assert "10 days" in refused.json()["needs"]


def test_a_refused_training_says_what_is_missing_and_what_would_be_enough(
    trainee: Browser, clinic: Clinic
) -> None:
    clinic.models.enough = False
    training_id = trained(trainee, clinic)
    shown = trainee.get(f"{TRAININGS}/{training_id}").json()
    assert (shown["state"], shown["reason"]) == ("refused", "not_enough_data")
    assert shown["refusal"] == {
        "message": "3 days are worn",
        "needs": "7 more days",
        "reasons": ["too_few_days"],
    }
    answer = trainee.get("/api/forecast")
    assert (answer.status_code, answer.json()["code"]) == (409, "forecast_not_ready")
    assert training_id in answer.json()["detail"]


def test_a_training_is_cancelled_by_deleting_it(trainee: Browser, clinic: Clinic) -> None:
    training_id = trainee.post(TRAININGS).json()["training_id"]
    cancelled = trainee.send("DELETE", f"{TRAININGS}/{training_id}")
    assert cancelled.status_code == 200
    assert cancelled.json()["state"] == "cancelled"
    assert cancelled.json()["reason"] == "cancelled_by_patient"
    clinic.settle(training=True)
    assert trainee.get("/api/forecast").json()["code"] == "forecast_not_ready"


def test_a_forecast_tells_origin_age_quantiles_baselines_and_reasons(
    trainee: Browser, clinic: Clinic
) -> None:
    trained(trainee, clinic)
    answer = trainee.get("/api/forecast")
    assert answer.status_code == 200
    told = answer.json()
    assert told["says"].startswith("From the reading at 2026-10-19 07:55 UTC, 34 days ago")
    assert told["age_minutes"] > 34 * 1440
    assert (told["widened"], told["newer_records"]) == (False, 0)
    short = told["short_term"]
    assert [step["minutes_ahead"] for step in short["told"]] == [30, 60, 120]
    assert [step["minutes_ahead"] for step in short["steps"]] == list(range(5, 125, 5))
    assert all(
        step["low_mg_dl"] < step["median_mg_dl"] < step["high_mg_dl"]
        and len(step["quantiles_mg_dl"]) == len(short["levels"]) == 9
        for step in short["steps"]
    )
    assert {one["name"] for one in short["baselines"]} == {"linear", "last_value"}
    assert short["served"] == "last_value" and short["reason"] and short["candidates"]
    quarter = told["quarter"]
    assert quarter["served"] == "carry_forward" and "carrying forward" in quarter["reason"]
    assert len(quarter["weeks"]) == 13
    assert set(quarter["weeks"][0]["figures"]) == {"tir", "tbr", "tar", "gmi", "cv"}


def test_a_forecast_says_its_age_also_while_it_is_fresh_and_when_its_months_have_passed(
    clinic: Clinic,
) -> None:
    person = clinic.trainee()
    clinic.train(person)
    view = forecast_glucose(person, ports=clinic.ports)
    for age, told in (
        (timedelta(minutes=1), "From the reading at 2026-10-19 07:55 UTC, one minute ago."),
        (timedelta(minutes=25), "From the reading at 2026-10-19 07:55 UTC, 25 minutes ago."),
        (timedelta(hours=3), ", 3 hours ago: these two hours have passed"),
        (timedelta(days=90), ", 90 days ago: these two hours have passed"),
    ):
        says = ForecastShown.of(replace(view, asked_at=ORIGIN + age)).says
        assert told in says and "three months" not in says
    says = ForecastShown.of(replace(view, asked_at=ORIGIN + timedelta(days=100))).says
    assert "The three months from 2026-10-20 have passed, too: train again" in says


def test_trainings_are_listed_page_by_page(trainee: Browser, clinic: Clinic) -> None:
    ids = []
    for _ in range(5):
        training_id = trainee.post(TRAININGS).json()["training_id"]
        trainee.send("DELETE", f"{TRAININGS}/{training_id}")
        ids.append(training_id)
        clinic.clock.advance(timedelta(microseconds=1))
    seen: list[str] = []
    page = trainee.get(f"{TRAININGS}?limit=2").json()
    while True:
        seen += [one["training_id"] for one in page["trainings"]]
        if page["next"] is None:
            break
        page = trainee.get(TRAININGS, params={"limit": 2, "after": page["next"]}).json()
    assert seen == ids[::-1]
    for wrong in ("limit=0", "limit=1000", "after=yesterday", "after=1-2"):
        assert trainee.get(f"{TRAININGS}?{wrong}").json()["code"] == "invalid_field"


def test_figures_and_profile_are_told_with_their_units(trainee: Browser) -> None:
    summary = trainee.get("/api/glucose/summary?days=7").json()
    assert summary["days"] == 7.0
    assert {"mean_mg_dl", "sd_mg_dl", "cv", "gmi_percent", "tir", "tbr", "tar", "wear"} <= set(
        summary
    )
    profile = trainee.get("/api/glucose/agp").json()
    assert profile["percentiles"] == [5, 25, 50, 75, 95]
    assert [one["minute_of_day"] for one in profile["bins"]] == list(range(0, 1440, 60))
    assert profile["bins"][3]["percentiles_mg_dl"] is None


@pytest.mark.parametrize("path", ["/api/forecast/plot", "/api/glucose/agp/plot"])
def test_pictures_come_as_png_and_svg_in_both_units(
    trainee: Browser, clinic: Clinic, path: str
) -> None:
    trained(trainee, clinic)
    png = trainee.get(path)
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    assert png.content.startswith(b"\x89PNG") and png.headers["cache-control"] == "no-store"
    svg = trainee.get(path, params={"unit": "mmol/L", "format": "svg"})
    assert svg.headers["content-type"] == "image/svg+xml" and b"<svg" in svg.content


@pytest.mark.parametrize(
    "path",
    ["/api/forecast/plot?unit=g", "/api/glucose/summary?days=0", "/api/glucose/agp?days=4000"],
)
def test_a_question_out_of_range_is_refused(trainee: Browser, path: str) -> None:
    assert trainee.get(path).status_code == 422


def test_without_records_there_is_nothing_to_tell(patient: Browser) -> None:
    for path in ("/api/glucose/summary", "/api/glucose/agp", "/api/glucose/agp/plot"):
        answer = patient.get(path)
        assert (answer.status_code, answer.json()["code"]) == (422, "not_enough_data")


def test_nobody_sees_anothers_training_or_forecast(
    trainee: Browser, clinic: Clinic, app: FastAPI, ports: Ports
) -> None:
    training_id = trained(trainee, clinic)
    enrol(ports, "other")
    other = Browser(app)
    other.log_in("other")
    assert other.get(f"{TRAININGS}/{training_id}").status_code == 404
    assert other.send("DELETE", f"{TRAININGS}/{training_id}").status_code == 404
    assert other.get(TRAININGS).json() == {"trainings": [], "next": None}
    other.give_consent()
    assert other.get("/api/forecast").status_code == 409
    assert other.get(f"{TRAININGS}/no-id").status_code == 422


def test_a_revoked_consent_ends_the_forecast(trainee: Browser, clinic: Clinic) -> None:
    trained(trainee, clinic)
    assert trainee.post("/api/consents/revocation", {}).status_code == 202
    clinic.settle()
    answer = trainee.get("/api/forecast")
    assert (answer.status_code, answer.json()["code"]) == (403, "consent_not_granted")
