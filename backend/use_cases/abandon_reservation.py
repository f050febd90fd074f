"""Take back an upload that did not come to be: its claim, its key, its content, its row."""

from dataclasses import replace
from datetime import timedelta

from backend.domain.contribution import Contribution, Status
from backend.domain.errors import ContentStoreUnavailable
from backend.ports import Ports


def abandon_reservation(contribution: Contribution, *, ports: Ports) -> None:
    """Undo a reservation at once as far as the outside answers; the sweeper does the rest.

    The row stays ABANDONED for one more lease: a store that was slow to answer may finish
    adding after it was told to forget, and only the row remembers what to look for.
    """
    with ports.database.write() as unit:
        current = unit.contributions.by_id(contribution.id)
        if current is not None and current.status is Status.RESERVED:
            lease = timedelta(seconds=ports.policy.reservation_lease_s)
            abandoned = replace(
                current.moved(Status.ABANDONED), lease_until=ports.clock.now() + lease
            )
            unit.contributions.update(abandoned, expected=Status.RESERVED)
            unit.fingerprints.release(contribution.id)
        elif current is not None and current.status is not Status.ABANDONED:
            return
    ports.keys.destroy(contribution.key_id)
    try:
        ports.content.unpin(contribution.cid)
    except ContentStoreUnavailable:
        return
