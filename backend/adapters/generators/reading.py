"""A canonical trace of the cohort, read; what no reader takes is one clear error."""

from backend.domain.consent import Kind
from backend.domain.errors import InvalidField, UnreadableRecord
from ml.records.cgm.canonical import from_canonical_bytes as glucose_of
from ml.records.cgm.trace import CgmTrace
from ml.records.errors import UnreadableRecord as Unreadable
from ml.records.vitals.canonical import from_canonical_bytes as vitals_of
from ml.records.vitals.trace import VitalsTrace


def glucose_trace(canonical: bytes) -> CgmTrace:
    """The CGM trace, or `UnreadableRecord`."""
    try:
        return glucose_of(canonical)
    except Unreadable as fault:
        raise _unreadable(fault) from fault


def vitals_trace(canonical: bytes) -> VitalsTrace:
    """The trace of vital signs, or `UnreadableRecord`."""
    try:
        return vitals_of(canonical)
    except Unreadable as fault:
        raise _unreadable(fault) from fault


def require_readable(canonical: bytes, kind: Kind) -> None:
    """See `ports.generators.CohortGenerators.require_readable`."""
    if kind is Kind.CGM:
        glucose_trace(canonical)
    elif kind is Kind.VITALS:
        vitals_trace(canonical)
    else:
        raise InvalidField("kind", f"{kind.name.lower()} records cannot be learnt from")


def _unreadable(fault: Unreadable) -> UnreadableRecord:
    return UnreadableRecord(f"a record of the cohort cannot be read: {fault}")
