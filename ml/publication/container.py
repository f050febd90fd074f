"""A ZIP of fixed members whose every byte is decided by their contents.

Members are stored, not deflated: deflate's output depends on the zlib of the machine, and a
member that cannot grow cannot be a bomb.
"""

import io
import zipfile
from collections.abc import Mapping

LARGEST = 1024 * 1024 * 1024
"""Bytes of a package; also of the members together."""

_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX, _REGULAR_FILE = 3, 0o100644 << 16


class BrokenPackage(ValueError):
    """The bytes are not a whole, unchanged package; says what is wrong and what to do."""


def pack(members: Mapping[str, bytes]) -> bytes:
    """The members in the order given; equal members give equal bytes, on any machine."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.create_system, entry.external_attr = _UNIX, _REGULAR_FILE
            archive.writestr(entry, content)
    return out.getvalue()


def unpack(data: bytes, names: tuple[str, ...]) -> dict[str, bytes]:
    """The members of a ZIP that `pack` wrote, exactly these in this order.

    Raises:
        BrokenPackage: anything else, down to a changed date, comment or byte between members.
    """
    if len(data) > LARGEST:
        raise BrokenPackage(f"{len(data):,} bytes are more than any package has")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive.infolist(), names)
            members = {name: archive.read(name) for name in names}
    except BrokenPackage:
        raise
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise BrokenPackage("it is truncated or changed, or no ZIP at all") from None
    if pack(members) != data:
        raise BrokenPackage("it holds bytes outside its files that no package has")
    return members


def _check_entries(entries: list[zipfile.ZipInfo], names: tuple[str, ...]) -> None:
    found = [entry.filename for entry in entries]
    strange = [name for name in found if name not in names]
    if strange:
        raise BrokenPackage(f"it holds {len(strange)} file(s) that no package has")
    lacking = [name for name in names if name not in found]
    if lacking:
        raise BrokenPackage(f"it lacks {', '.join(lacking)}")
    if tuple(found) != names:
        raise BrokenPackage("its files are in another order, or there twice")
    if any(
        entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size
        for entry in entries
    ):
        raise BrokenPackage("its files are compressed, which those of a package never are")
    if sum(entry.file_size for entry in entries) > LARGEST:
        raise BrokenPackage("its files say they are larger than any package")
