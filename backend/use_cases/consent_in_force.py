"""Whether a consent holds at this moment: the chain's word, not that of a list of ours."""

from backend.domain.consent import Consent
from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.consent_records import account_of


def consent_in_force(account_id: AccountId, *, ports: Ports) -> Consent | None:
    """The consent that the registry holds for this account's wallet now, if any."""
    account = account_of(account_id, ports=ports)
    held = ports.chain.consent_of(account.wallet)
    return held if held is not None and held.in_force(ports.clock.now()) else None
