"""Putting every key under a fresh master key, while the service runs.

Old and fresh master are both here until no entry names the old one. Each entry is replaced
atomically and names its master, so a run that was killed is finished by the next.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from backend.adapters.keys.durable import failures_named, locked
from backend.adapters.keys.entry_folder import EntryFolder
from backend.adapters.keys.master_keys import MasterKeys
from backend.adapters.keys.wrapping import MasterUnknown, WrapBroken
from backend.domain.errors import KeyringUnavailable


def rotate(
    keyring: Path,
    folders: Sequence[EntryFolder],
    masters: MasterKeys,
    progress: Callable[[int, int], None],
) -> int:
    """Re-wrap every entry, then retire the old masters; returns how many were re-wrapped."""
    with failures_named(keyring), locked(keyring, sync=False, wait_s=0):
        master = masters.begin_rotation()
        done = 0
        while count := _pass(folders, master, progress):
            done += count
        for folder in folders:  # also what a run that was killed had re-wrapped
            folder.sync()
        masters.retire_all_but(master)
    return done


def _pass(
    folders: Sequence[EntryFolder], master: bytes, progress: Callable[[int, int], None]
) -> int:
    """One look at every entry; the passes end when one finds nothing to do.

    A key stored meanwhile is under the fresh master already: whoever stores it asks for the
    current one while it holds the folder's lock, which `tidy` and `rewrap` take after it.
    """
    for folder in folders:
        folder.tidy()
    total = sum(1 for folder in folders for _ in folder.live())
    seen, rewrapped = 0, 0
    broken: list[str] = []
    for folder in folders:
        for name in folder.live():
            try:
                rewrapped += folder.rewrap(name, master)
            except (WrapBroken, MasterUnknown):
                broken.append(name)
            seen += 1
            progress(seen, max(seen, total))
    if broken:
        raise KeyringUnavailable(
            f"{len(broken)} of {total} keys do not open, the first is {broken[0]}: restore their "
            "files or destroy them, then rotate again; every master key is kept until then"
        )
    return rewrapped
