"""The bounds of what people say about themselves."""

import unicodedata
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.domain.account import Profile
from backend.domain.errors import InvalidField

TEXT_LENGTH = 200
PHONE_LENGTH = 32
OLDEST = 150

_TEXTS = {
    "name": (1, TEXT_LENGTH),
    "address": (0, TEXT_LENGTH),
    "detailed_address": (0, TEXT_LENGTH),
    "phone_num": (0, PHONE_LENGTH),
    "guard_name": (0, TEXT_LENGTH),
    "guard_phone_num": (0, PHONE_LENGTH),
}


def checked_profile(profile: Profile) -> Profile:
    """The profile with its texts in normal form (NFC), or `InvalidField` naming the first fault."""
    if not 0 <= profile.age <= OLDEST:
        raise InvalidField("age", f"an age is between 0 and {OLDEST} years")
    texts = {field: _text(field, getattr(profile, field)) for field in _TEXTS}
    zone = None if profile.zone is None else zone_name(profile.zone)
    return Profile(age=profile.age, zone=zone, **texts)


def zone_name(text: str) -> str:
    """A time zone by its IANA name, as in Europe/London."""
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidField(
            "zone", "a zone is an IANA name, such as Europe/London or Asia/Seoul"
        ) from error


def _text(field: str, value: str) -> str:
    text = unicodedata.normalize("NFC", value).strip()
    shortest, longest = _TEXTS[field]
    if not shortest <= len(text) <= longest:
        raise InvalidField(field, f"{field} has {shortest} to {longest} characters")
    if not text.isprintable():
        raise InvalidField(field, f"{field} is one line without control characters")
    return text
