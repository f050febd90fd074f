"""The consensus figures and the ambulatory profile of a person's own readings, for that person."""

from dataclasses import dataclass

from backend.domain.glucose import GlucoseProfile, GlucoseSummary
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.ports.plots import PictureFormat, Unit
from backend.use_cases.open_traces import glucose_records, open_traces

SUMMARY = "glucose summary for its owner"
PROFILE = "glucose profile for its owner"


@dataclass(frozen=True)
class SummariseGlucose:
    """`days` before the last reading; None for everything."""

    account_id: AccountId
    days: int | None


def summarise_glucose(command: SummariseGlucose, *, ports: Ports) -> GlucoseSummary:
    """Reading one's own records, with arithmetic: as for reading them no consent is needed."""
    traces = _own_traces(command.account_id, SUMMARY, ports)
    return ports.models.summarise(traces, days=command.days)


def profile_glucose(command: SummariseGlucose, *, ports: Ports) -> GlucoseProfile:
    """The ambulatory glucose profile of the same readings."""
    traces = _own_traces(command.account_id, PROFILE, ports)
    return ports.models.profile(traces, days=command.days)


def plot_profile(
    command: SummariseGlucose, unit: Unit, form: PictureFormat, *, ports: Ports
) -> bytes:
    """The profile as a picture."""
    return ports.plots.profile(profile_glucose(command, ports=ports), unit=unit, form=form)


def _own_traces(account_id: AccountId, purpose: str, ports: Ports) -> list[bytes]:
    with ports.database.read() as unit:
        rows = glucose_records(unit, account_id)
    return open_traces(reversed(rows), actor=account_id, purpose=purpose, ports=ports)
