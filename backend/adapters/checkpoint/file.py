"""A checkpoint in one file of the auditor's own."""

import os
import stat
import tempfile
from pathlib import Path

from backend.domain.errors import InvalidField


class CheckpointOnDisk:
    """`CheckpointFile`. Nobody else may write to the file: who can, could fake what has passed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> bytes | None:
        """What was saved last; `InvalidField` for a file that others may write to."""
        try:
            with self._path.open("rb") as file:
                found = os.fstat(file.fileno())
                if not stat.S_ISREG(found.st_mode):
                    raise self._refused("is not a file")
                if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                    raise self._refused("can be written to by others")
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._refused(f"cannot be read ({error.strerror})") from error

    def save(self, content: bytes) -> None:
        """Write beside, sync, move into place."""
        try:
            opened, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            beside = Path(name)
            try:
                with os.fdopen(opened, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                beside.replace(self._path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._refused(f"cannot be written ({error.strerror})") from error

    def remove(self) -> None:
        """Forget it."""
        self._path.unlink(missing_ok=True)

    def _refused(self, fault: str) -> InvalidField:
        return InvalidField(
            "resume", f"the checkpoint {self._path} {fault}: name another file with --resume"
        )
