"""The time zone a person has set for the clocks of their devices."""

from backend.domain.identifiers import AccountId
from backend.ports import Ports
from backend.use_cases.show_profile import open_own_profile


def default_zone(account_id: AccountId, *, ports: Ports) -> str | None:
    """The IANA name from the profile, or None; opening the profile is in the access log."""
    return open_own_profile(account_id, "zone of an upload", ports=ports).zone
