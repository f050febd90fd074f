"""Where a page of a list ends: the moment of its last item, and its id."""

import re
from datetime import UTC, datetime, timedelta

from backend.domain.errors import InvalidField

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(\d{1,18})-([0-9a-f]{32})")


def cursor_of(moment: datetime, item: str) -> str:
    """What leads to the next page."""
    return f"{(moment - _EPOCH) // _MICROSECOND}-{item}"


def place_of(cursor: str) -> tuple[datetime, str]:
    """Moment and id, or `InvalidField` for what is no cursor."""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise InvalidField("after", "after is the `next` of the page before")
    try:
        moment = _EPOCH + int(found[1]) * _MICROSECOND
    except OverflowError as error:
        raise InvalidField("after", "after is the `next` of the page before") from error
    return moment, found[2]
