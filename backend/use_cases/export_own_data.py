"""Everything the service holds about a person, for that person to take away."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from backend.crypto.wallets import checksum_address
from backend.domain.account import Account
from backend.domain.consent import Purpose
from backend.domain.consent_record import ConsentRecord
from backend.domain.errors import NotAuthenticated
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.read_contribution import (
    READABLE,
    ContributionView,
    ReadContribution,
    list_contributions,
    read_contribution,
)
from backend.use_cases.show_profile import open_own_profile

_PURPOSE = "exported by its owner"


@dataclass(frozen=True)
class ExportPart:
    """One file of the export: JSON, or a trace as CSV."""

    name: str
    content: bytes = field(repr=False)


def export_own_data(account_id: AccountId, *, ports: Ports) -> Iterator[ExportPart]:
    """File by file, one record opened at a time, each opening in the access log beforehand."""
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
        consents = unit.consents.of_account(account_id)
    if account is None:
        raise NotAuthenticated("the account is gone: sign up again")
    yield _json("account.json", _account(account, ports=ports))
    yield _json("consents.json", [_consent(record) for record in consents])
    views = list_contributions(account_id, ports=ports, purpose=_PURPOSE)
    yield _json("contributions.json", [_contribution(view) for view in views])
    for view in views:
        if view.contribution.status in READABLE:
            yield _trace(view, account_id, ports=ports)
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


def _consent(record: ConsentRecord) -> dict[str, Any]:
    grant = record.grant
    return {
        "consent_id": record.id,
        "status": record.status,
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
        "cid": row.cid,
        "digest": row.digest.hex,
        "size": row.size,
        "quality": row.quality,
        "summary": None if view.summary is None else view.summary.fields,
        "created_at": row.created_at,
        "anchored_at": row.anchored_at,
        "transaction": view.transaction,
        "reward": None if row.reward is None else str(row.reward),
    }


def _trace(view: ContributionView, account_id: AccountId, *, ports: Ports) -> ExportPart:
    contribution_id = view.contribution.id
    trace = read_contribution(
        ReadContribution(account_id, contribution_id, actor=account_id, purpose=_PURPOSE),
        ports=ports,
    )
    return ExportPart(f"records/{contribution_id}.csv", trace)


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
    raise TypeError(f"{type(value).__name__} has no place in an export")
