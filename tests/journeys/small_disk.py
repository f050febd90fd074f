"""A real disk of a few megabytes that a test fills and frees; needs the right to mount one."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    folder: Path

    def fill(self) -> None:
        """Not one byte more goes onto it."""
        with self._filler.open("wb", buffering=0) as filler:
            for piece in (1 << 16, 1 << 12, 1):
                with suppress(OSError):
                    while filler.write(bytes(piece)):
                        pass
        with pytest.raises(OSError) as full, (self.folder / "one-more").open("wb") as file:
            file.write(bytes(4096))
            file.flush()
        assert full.value.errno == errno.ENOSPC
        (self.folder / "one-more").unlink(missing_ok=True)

    def use_up_names(self) -> None:
        """No further file can be made, however small; those that are there can be written."""
        with suppress(OSError):
            for number in range(1_000_000):
                (self.folder / f"name-{number}").touch()
        with pytest.raises(OSError):
            (self.folder / "one-more").touch()

    def free(self) -> None:
        """Give back what was taken."""
        self._filler.unlink(missing_ok=True)
        for name in self.folder.glob("name-*"):
            name.unlink()

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


@contextmanager
def mounted(folder: Path, *, size: str, names: int = 0) -> Iterator[SmallDisk]:
    """A disk of that size at a new folder, with room for so many files unless 0."""
    folder.mkdir(mode=0o700)
    mount = shutil.which("mount")
    options = f"size={size},mode=0700,uid={os.getuid()}" + (f",nr_inodes={names}" if names else "")
    command = [mount or "mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount a small disk: run this test as root")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
