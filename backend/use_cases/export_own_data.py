"""Everything the service holds about a person, for that person to take away."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import structlog

from backend.crypto.wallets import checksum_address
from backend.domain.account import Account, Invitation
from backend.domain.consent import Purpose
from backend.domain.consent_record import ConsentRecord
from backend.domain.errors import (
    ContentMismatch,
    ContentMissing,
    IllegalTransition,
    KeyDestroyed,
    ModelUnusable,
    NotAuthenticated,
    VitalMintError,
)
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.forecast_glucose import stored_forecast
from backend.use_cases.list_journal import open_journal
from backend.use_cases.read_contribution import (
    READABLE,
    ContributionView,
    ReadContribution,
    list_contributions,
    read_contribution,
)
from backend.use_cases.sealed_journal import event_fields
from backend.use_cases.show_privacy_ledger import show_privacy_ledger
from backend.use_cases.show_profile import open_own_profile
from backend.use_cases.show_training import TrainingView, show_trainings

_PURPOSE = "exported by its owner"
_GONE = "it was erased, or refused by the chain, and can never be read again"
_NOT_READ: dict[type[VitalMintError], str] = {
    ContentMissing: "the content store does not hold this record at the moment: tell the operator, "
    "and export again once it is back",
    ContentMismatch: "the content store returned other bytes than were stored, which were not "
    "opened: tell the operator, and export again once they are restored",
    KeyDestroyed: _GONE,
    IllegalTransition: _GONE,
}
"""What keeps one record out of an export, and no other; an outage ends the export instead."""


@dataclass(frozen=True)
class ExportPart:
    """One file of the export: JSON, a trace as CSV, or why there is none."""

    name: str
    content: bytes = field(repr=False)


def export_own_data(account_id: AccountId, *, ports: Ports) -> Iterator[ExportPart]:
    """File by file, one record opened at a time, each opening in the access log beforehand."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
        consents = unit.consents.of_account(account_id)
        invitations = unit.invitations.of_patient(account_id)
        patients = unit.invitations.patients_of(account_id)
    if account is None:
        raise NotAuthenticated("the account is gone: sign up again")
    yield _json("account.json", _account(account, ports=ports))
    guardians = [_invitation(invitation) for invitation in invitations]
    yield _json("guardians.json", {"invitations": guardians, "guardian_of": patients})
    yield _json("consents.json", [_consent(record) for record in consents])
    views = list_contributions(account_id, ports=ports, purpose=_PURPOSE)
    yield _json("contributions.json", [_contribution(view) for view in views])
    for view in views:
        if view.contribution.status in READABLE:
            yield _record(view, account_id, ports=ports)
    trainings = show_trainings(account_id, ports=ports, purpose=_PURPOSE)
    yield _json("trainings.json", [_training(view) for view in trainings])
    yield _json("forecast.json", _forecast(account_id, ports=ports))
    yield _json("privacy_ledger.json", _ledger(account_id, ports=ports))
    yield _json("journal.json", _journal(account_id, ports=ports))
    yield _json("access_log.json", _access_log(account_id, ports=ports))


def _account(account: Account, *, ports: Ports) -> dict[str, Any]:
    return {
        "account_id": account.id,
        "id": account.login,
        "role": account.role,
        "wallet": checksum_address(account.wallet),
        "custodial": account.custodial,
        "created_at": account.created_at,
        "profile": asdict(open_own_profile(account.id, _PURPOSE, ports=ports)),
    }


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return {"expires_at": invitation.expires_at, "guardian": invitation.accepted_by}


def _consent(record: ConsentRecord) -> dict[str, Any]:
    grant = record.grant
    return {
        "consent_id": record.id,
        "status": record.status,
        "reason": record.reason,
        "kinds": sorted(kind.name.lower() for kind in grant.kinds),
        "purposes": [flag.name.lower() for flag in Purpose if flag in grant.purposes and flag.name],
        "custodial": grant.custodial,
        "nonce": grant.nonce,
        "expires_at": grant.expires_at,
        "created_at": record.created_at,
    }


def _contribution(view: ContributionView) -> dict[str, Any]:
    row = view.contribution
    return {
        "contribution_id": row.id,
        "kind": row.kind.name.lower(),
        "status": row.status,
        "reason": row.reason,
        "custodial": row.custodial,
        "cid": row.cid,
        "digest": row.digest.hex,
        "size": row.size,
        "quality": row.quality / 10_000,
        "quality_parts": None if view.summary is None else view.summary.quality_parts,
        "summary": None if view.summary is None else view.summary.fields,
        "created_at": row.created_at,
        "anchored_at": row.anchored_at,
        "transaction": view.transaction,
        "reward": None if row.reward is None else str(row.reward),
    }


def _record(view: ContributionView, account_id: AccountId, *, ports: Ports) -> ExportPart:
    """The trace; in its place the reason, when this one cannot be read."""
    contribution_id = view.contribution.id
    command = ReadContribution(account_id, contribution_id, actor=account_id, purpose=_PURPOSE)
    try:
        trace = read_contribution(command, ports=ports)
    except tuple(_NOT_READ) as error:
        structlog.get_logger("export").warning(
            "record_not_exported", contribution=contribution_id, code=error.code
        )
        reason = f"{error.code}: {_NOT_READ[type(error)]}\n"
        return ExportPart(f"records/{contribution_id}.error.txt", reason.encode())
    return ExportPart(f"records/{contribution_id}.csv", trace)


def _training(view: TrainingView) -> dict[str, Any]:
    row = view.training
    return {
        "training_id": row.id,
        "state": row.state,
        "reason": row.reason,
        "refusal": None if view.refusal is None else asdict(view.refusal),
        "requested_at": row.requested_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }


def _forecast(account_id: AccountId, *, ports: Ports) -> dict[str, Any] | None:
    """What the stored model said; None without one, or the reason why it cannot be read."""
    try:
        found = stored_forecast(account_id, _PURPOSE, ports=ports)
    except (ModelUnusable, KeyDestroyed) as error:
        return {"not_read": error.code, "reason": error.message}
    return None if found is None else asdict(found)


def _ledger(account_id: AccountId, *, ports: Ports) -> dict[str, Any]:
    """Which releases the person's records were in the cohort of, and what they cost."""
    ledger = show_privacy_ledger(account_id, ports=ports)
    return {
        "spent": asdict(ledger.spent),
        "budget": asdict(ledger.budget),
        "releases": [
            {
                "dataset": line.run_id,
                "title": line.title,
                "kind": line.kind.name.lower(),
                "certificate": line.certificate_cid,
                "at": line.entry.at,
                "retired_at": line.retired_at,
                "epsilon": line.entry.epsilon,
                "delta": line.entry.delta,
                "membership_high": line.entry.membership_high,
                "contributions": [asdict(share) for share in line.shares],
            }
            for line in ledger.lines
        ],
    }


def _journal(account_id: AccountId, *, ports: Ports) -> list[dict[str, Any]]:
    return [
        {
            "entry_id": entry.id,
            **event_fields(entry.event),
            "created_at": entry.created_at,
            "changed_at": entry.changed_at,
        }
        for entry in open_journal(account_id, _PURPOSE, ports=ports)
    ]


def _access_log(account_id: AccountId, *, ports: Ports) -> list[dict[str, Any]]:
    with ports.database.read() as unit:
        entries = unit.access_log.of_account(account_id)
    return [
        {
            "sequence": entry.sequence,
            "at": entry.at,
            "actor": entry.actor,
            "subject": entry.subject,
            "purpose": entry.purpose,
            "previous": entry.previous.hex(),
            "hash": entry.hash.hex(),
        }
        for entry in entries
    ]


def _json(name: str, content: object) -> ExportPart:
    text = json.dumps(content, ensure_ascii=False, indent=2, default=_text)
    return ExportPart(name, text.encode())


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")
