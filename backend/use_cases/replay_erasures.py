"""At every start and after every restore: what was erased is erased again.

Marks come from the database and from the chain, so that restoring either an old database
or an old keyring or an old content store brings nothing back.
"""

from backend.crypto.cid import cid_of
from backend.domain.chain_events import ContributionErased
from backend.domain.contribution import Status
from backend.domain.identifiers import DAG_PB, RAW, ContentDigest
from backend.ports import Ports
from backend.use_cases.erase_contribution import begin_erasure


def replay_erasures(*, ports: Ports) -> int:
    """Destroy every returned key and let go of returned content; returns how many came back."""
    _take_marks_from_chain(ports)
    with ports.database.read() as unit:
        marks = unit.erasures.all()
        account_keys = unit.erasures.account_keys()
    returned = [mark.key_id for mark in marks if ports.keys.state(mark.key_id) == "live"]
    returned += [key_id for key_id in account_keys if ports.keys.state(key_id) == "live"]
    for key_id in returned:
        ports.keys.destroy(key_id)
    back = ports.content.pinned() & {cid_of(mark.digest) for mark in marks}
    for cid in back:
        ports.content.unpin(cid)
    if marks:
        ports.content.collect_garbage()
    return len(returned) + len(back)


def _take_marks_from_chain(ports: Ports) -> None:
    """A restored database may be older than a mark that stands on chain."""
    head = ports.history.head()
    for event in ports.history.events(ports.history.first_block, head.number):
        if isinstance(event, ContributionErased):
            _take_mark(event, ports)


def _take_mark(event: ContributionErased, ports: Ports) -> None:
    with ports.database.write() as unit:
        for codec in (RAW, DAG_PB):
            row = unit.contributions.by_digest(ContentDigest(event.sha256, codec))
            if row is not None and row.status not in (Status.ERASING, Status.ERASED):
                begin_erasure(unit, row, ports.clock.now(), ports)
