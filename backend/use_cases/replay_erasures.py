"""At every start and after every restore: what was erased is erased again.

Marks come from the database, from the chain and from the keyring, which remembers what it
destroyed. So restoring an old database, an old keyring or an old content store brings nothing
back. A key of a training or a run that no row knows is destroyed too: the database is older than
what was learnt, and would not know with which record it has to go.
"""

from backend.crypto.cid import cid_of
from backend.crypto.training_keys import is_training_key
from backend.domain.chain_events import ContributionErased
from backend.domain.contribution import Status
from backend.domain.generation import Run
from backend.domain.identifiers import DAG_PB, RAW, AccountId, Cid, ContentDigest, KeyId
from backend.domain.training import Training
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.erase_account import forget_account
from backend.use_cases.erase_contribution import begin_erasure
from backend.use_cases.forget_runs import KEY_LOST, cancel_run_row
from backend.use_cases.forget_trainings import RECORD_ERASED, forget_training
from backend.use_cases.retire_dataset import retire

_KEPT = (Status.SEALED, Status.SUBMITTED, Status.ANCHORED)
"""What has a key that opens, unless an erasure was lost with a database."""


def replay_erasures(*, ports: Ports) -> int:
    """Destroy every returned key and let go of returned content; returns how many came back."""
    _take_marks_from_keyring(ports)
    returned = _destroy_forgotten_trainings(ports) + _destroy_returned_keys(ports)
    marked = _take_marks_from_chain(ports)
    returned += _destroy_returned_keys(ports)
    with ports.database.read() as unit:
        marks = unit.erasures.all()
    back = ports.content.pinned() & (marked | {cid_of(mark.digest) for mark in marks})
    for cid in back:
        ports.content.unpin(cid)
    if marks or back:
        ports.content.collect_garbage()
    return returned + len(back)


def _destroy_returned_keys(ports: Ports) -> int:
    """Keys of whatever the database says has none any more; needs no chain, so it comes first."""
    with ports.database.read() as unit:
        gone = _marked(unit)
        gone |= {row.key_id for row in unit.contributions.with_status([Status.REJECTED])}
    returned = [key_id for key_id in gone if ports.keys.state(key_id) == "live"]
    for key_id in returned:
        ports.keys.destroy(key_id)
    return len(returned)


def _destroy_forgotten_trainings(ports: Ports) -> int:
    """Keys first, rows afterwards: a training has its row before it has its key."""
    live = [key_id for key_id in ports.keys.live() if is_training_key(key_id)]
    with ports.database.read() as unit:
        forgotten = [
            key_id
            for key_id in live
            if unit.trainings.by_key(key_id) is None and unit.runs.by_key(key_id) is None
        ]
    for key_id in forgotten:
        ports.keys.destroy(key_id)
    return len(forgotten)


def _marked(unit: UnitOfWork) -> set[KeyId]:
    keys = set(unit.erasures.account_keys()) | set(unit.erasures.training_keys())
    return keys | {mark.key_id for mark in unit.erasures.all()}


def _take_marks_from_chain(ports: Ports) -> set[Cid]:
    """A restored database may be older than a mark that stands on chain, or than its record.

    Returns what the content of every marked record may be called.
    """
    marked = set()
    head = ports.history.head()
    for event in ports.history.events(ports.history.first_block, head.number):
        if isinstance(event, ContributionErased):
            digests = [ContentDigest(event.sha256, codec) for codec in (RAW, DAG_PB)]
            _take_mark(digests, ports)
            marked |= {cid_of(digest) for digest in digests}
    return marked


def _take_mark(digests: list[ContentDigest], ports: Ports) -> None:
    with ports.database.write() as unit:
        for digest in digests:
            row = unit.contributions.by_digest(digest)
            if row is not None and row.status not in (Status.ERASING, Status.ERASED):
                begin_erasure(unit, row, ports.clock.now(), ports)


def _take_marks_from_keyring(ports: Ports) -> None:
    """A restored database may be older than an erasure of which the chain knows nothing.

    Such is the erasure of an account, or of a record that was not anchored yet. A key destroyed
    without an erasure (a rejection, an upload that died) belongs to no row that has one.
    """
    with ports.database.read() as unit:
        known = _marked(unit)
    for key_id in ports.keys.destroyed():
        if key_id not in known:
            _take_destroyed(key_id, ports)


def _take_destroyed(key_id: KeyId, ports: Ports) -> None:
    account_id = AccountId(key_id)
    with ports.database.read() as unit:
        row = unit.contributions.by_key(key_id)
        account = unit.accounts.by_id(account_id)
        training = unit.trainings.by_key(key_id)
        run = unit.runs.by_key(key_id)
    if training is not None:
        _take_training(training, ports)
    if run is not None:
        _take_run(run, ports)
    if account is None and (row is None or row.status not in _KEPT):
        return
    with ports.database.write() as unit:
        if account is not None:
            forget_account(unit, account_id, ports.clock.now(), ports)
        elif row is not None:
            begin_erasure(unit, row, ports.clock.now(), ports)


def _take_run(run: Run, ports: Ports) -> None:
    """It was cancelled, withheld, or its dataset retired, after this database was saved."""
    with ports.database.write() as unit:
        dataset = unit.datasets.by_run(run.id)
        if run.unfinished:
            cancel_run_row(unit, run, KEY_LOST, ports.clock.now(), ports)
        elif dataset is not None and dataset.listed:
            retire(unit, dataset, ports)


def _take_training(training: Training, ports: Ports) -> None:
    """Its key was destroyed, with a record, by its owner's word, or for a newer model."""
    with ports.database.write() as unit:
        forget_training(unit, training, RECORD_ERASED, ports.clock.now(), ports)
