"""Guidance for one person, from their own readings, journal and forecast."""

from dataclasses import dataclass

from backend.domain.errors import ForecastNotReady, ModelUnusable, NotEnoughData
from backend.domain.glucose import GlucoseForecast
from backend.domain.guidance import Guidance, Language, checked_days
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.forecast_glucose import forecast_glucose
from backend.use_cases.list_journal import open_journal
from backend.use_cases.open_traces import glucose_records, open_traces
from backend.use_cases.request_training import require_care_consent

PURPOSE = "guidance for its owner"


@dataclass(frozen=True)
class Advise:
    """`days` before the last reading are looked at."""

    account_id: AccountId
    language: Language
    days: int = 14


def advise(command: Advise, *, ports: Ports) -> Guidance:
    """What can be said, under a consent to care in force now.

    Every record and the journal are opened through the access log. Raises `ConsentNotGranted`,
    `ConsentExpired`, and `NotEnoughData` without any record.
    """
    days = checked_days(command.days)
    account_id = command.account_id
    require_care_consent(account_id, ports=ports)
    with ports.database.read() as unit:
        rows = glucose_records(unit, account_id)
    traces = open_traces(reversed(rows), actor=account_id, purpose=PURPOSE, ports=ports)
    return ports.guide.advise(
        traces,
        open_journal(account_id, PURPOSE, ports=ports),
        forecast=_forecast(account_id, ports),
        days=days,
        now=ports.clock.now(),
        language=command.language,
    )


def _forecast(account_id: AccountId, ports: Ports) -> GlucoseForecast | None:
    """Guidance does without a forecast where no model of the person can give one."""
    try:
        return forecast_glucose(account_id, ports=ports).forecast
    except (ForecastNotReady, ModelUnusable, NotEnoughData):
        return None
