"""Another process at the same database, started by a test: python database_process.py WHAT URL.

Prints one word when it has reached the point that the test waits for.
"""

import sys
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backend.adapters.database.schema import upgrade
from backend.adapters.database.unit_of_work import SqlDatabase, open_database
from tests.ports.database_samples import NOW, account, contribution, digits, fingerprints


def write_and_hang(database: SqlDatabase) -> None:
    """Everything of an upload's first unit, and then neither commit nor rollback."""
    with database.write() as unit:
        owner = account("killed")
        unit.accounts.add(owner)
        unit.contributions.add(contribution("killed", owner))
        unit.fingerprints.claim(contribution("killed", owner).id, fingerprints("killed", 3_000))
        unit.erasures.mark_account_key(contribution("killed", owner).key_id, NOW)
        _say("written")
        time.sleep(60)


def commit_and_hang(database: SqlDatabase) -> None:
    """One unit, committed, with the connection still open."""
    with database.write() as unit:
        unit.accounts.add(account("committed"))
    _say("committed")
    time.sleep(60)


def lease_all(database: SqlDatabase) -> None:
    """Lease until nothing is due; prints the keys of what was leased."""
    holder = f"process {digits(str(time.monotonic_ns()))}"
    keys = []
    while True:
        with database.write() as unit:
            job = unit.jobs.lease(now=NOW, holder=holder, until=NOW + timedelta(minutes=1))
        if job is None:
            break
        keys.append(job.key)
    _say(" ".join(keys))


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main(what: str, url: str) -> None:
    if what == "migrate":
        upgrade(url)
        return
    steps = {
        "write-and-hang": write_and_hang,
        "commit-and-hang": commit_and_hang,
        "lease-all": lease_all,
    }
    steps[what](open_database(url))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
