"""What stands in a key's file.

    "VMK1" ‖ 16-byte master id ‖ the key as that master wrapped it

The wrapping is bound to magic, master id, kind and name, so that an entry opens in its own
place only: two files swapped are two errors, not two wrong keys.
"""

from backend.adapters.keys.master_keys import MasterKeys
from backend.adapters.keys.wrapping import MASTER_ID_BYTES, WrapBroken

_MAGIC = b"VMK1"
_HEAD = len(_MAGIC) + MASTER_ID_BYTES


def wrap_entry(key: bytes, kind: str, name: str, master: bytes, masters: MasterKeys) -> bytes:
    """The file's content for a key."""
    return _MAGIC + master + masters.wrap(master, key, _context(master, kind, name))


def unwrap_entry(entry: bytes, kind: str, name: str, masters: MasterKeys) -> bytes:
    """The key, or `WrapBroken` or `MasterUnknown`."""
    master = master_of(entry)
    return masters.unwrap(master, entry[_HEAD:], _context(master, kind, name))


def master_of(entry: bytes) -> bytes:
    """The id of the master key that the entry names, or `WrapBroken`."""
    if len(entry) < _HEAD or not entry.startswith(_MAGIC):
        raise WrapBroken
    return entry[len(_MAGIC) : _HEAD]


def _context(master: bytes, kind: str, name: str) -> bytes:
    return _MAGIC + master + kind.encode() + b"\0" + name.encode()
