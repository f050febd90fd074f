"""Who may use which operation: one table, and nothing that is not in it can be served."""

from enum import Enum

from backend.domain.account import Role
from backend.domain.errors import MisconfiguredService


class Open(Enum):
    """No session is asked for."""

    OPEN = "open"


Access = frozenset[Role] | Open

OPEN = Open.OPEN
EVERYONE = frozenset(Role)
PATIENT = frozenset({Role.PATIENT})
GUARDIAN = frozenset({Role.GUARDIAN})
OPERATOR = frozenset({Role.OPERATOR})
READERS = frozenset({Role.RESEARCHER, Role.OPERATOR})

ACCESS: dict[str, Access] = {
    "sign_up": OPEN,
    "log_in": OPEN,
    "recover_account": OPEN,
    "offer_sign_in": OPEN,
    "sign_in_with_ethereum": OPEN,
    "sign_up_with_ethereum": OPEN,
    "check_health": OPEN,
    "check_readiness": OPEN,
    "show_metrics": OPEN,
    "show_documentation": OPEN,
    "show_openapi": OPEN,
    "list_datasets": OPEN,
    "show_dataset": OPEN,
    "show_certificate": OPEN,
    "show_datasheet": OPEN,
    "show_report": OPEN,
    "show_croissant": OPEN,
    "log_out": EVERYONE,
    "show_session": EVERYONE,
    "show_account": EVERYONE,
    "update_account": EVERYONE,
    "change_password": EVERYONE,
    "erase_account": EVERYONE,
    "export_own_data": EVERYONE,
    "show_wallet": EVERYONE,
    "export_wallet": EVERYONE,
    "list_access_log": EVERYONE,
    "show_rewards": PATIENT,
    "invite_guardian": PATIENT,
    "accept_invitation": GUARDIAN,
    "prepare_consent": PATIENT,
    "grant_consent": PATIENT,
    "list_consents": PATIENT,
    "prepare_revocation": PATIENT,
    "revoke_consent": PATIENT,
    "contribute": PATIENT,
    "inspect_file": PATIENT,
    "list_contributions": PATIENT,
    "show_contribution": PATIENT,
    "read_contribution": PATIENT,
    "prove_integrity": PATIENT,
    "erase_contribution": PATIENT,
    "list_journal": PATIENT,
    "create_journal_entry": PATIENT,
    "show_journal_entry": PATIENT,
    "edit_journal_entry": PATIENT,
    "delete_journal_entry": PATIENT,
    "show_guidance": PATIENT,
    "request_training": PATIENT,
    "list_trainings": PATIENT,
    "show_training": PATIENT,
    "cancel_training": PATIENT,
    "show_forecast": PATIENT,
    "show_forecast_plot": PATIENT,
    "show_glucose_summary": PATIENT,
    "show_glucose_profile": PATIENT,
    "show_glucose_profile_plot": PATIENT,
    "show_privacy_ledger": PATIENT,
    "request_run": OPERATOR,
    "list_runs": OPERATOR,
    "list_generators": OPERATOR,
    "show_run": OPERATOR,
    "cancel_run": OPERATOR,
    "show_findings": OPERATOR,
    "watch_run": OPERATOR,
    "retire_dataset": OPERATOR,
    "download_dataset": READERS,
}
"""Operation id → the roles it is for."""


def access_of(operation: str) -> Access:
    """Who may use the operation; an operation without an entry stops the service at start."""
    if operation not in ACCESS:
        raise MisconfiguredService((f"operation {operation} has no entry in the access table",))
    return ACCESS[operation]
