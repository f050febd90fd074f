"""Show people what they have consented to."""

from backend.domain.consent_record import ConsentRecord
from backend.domain.identifiers import AccountId
from backend.ports import Ports


def list_consents(account_id: AccountId, *, ports: Ports) -> list[ConsentRecord]:
    """Every consent given here, the newest first."""
    with ports.database.read() as unit:
        records = unit.consents.of_account(account_id)
    return sorted(records, key=lambda record: (record.created_at, record.id), reverse=True)
