"""Backups of database, keyring and IPFS repository, each put back alone or with others."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.world import World

Part = Literal["database", "keyring", "content"]
ALL: tuple[Part, ...] = ("database", "keyring", "content")


@dataclass(frozen=True)
class Backup:
    """Copies of all three as they were at one moment."""

    folder: Path

    def of(self, part: Part) -> Path:
        return self.folder / part


@dataclass
class Backups:
    """Takes and puts back; nothing of the service may be open meanwhile."""

    world: World
    node: IpfsNodeUnderTest

    def take(self, folder: Path, parts: Iterable[Part] = ALL) -> Backup:
        """Copies of these parts; the node is down for as long as it is copied."""
        taken = Backup(folder)
        for part in parts:
            if part == "database":
                taken.of(part).mkdir(parents=True)
                for file in self._database_files():
                    shutil.copy2(file, taken.of(part))
            elif part == "keyring":
                shutil.copytree(self.world.settings.keyring_folder, taken.of(part))
            else:
                self.node.stop()
                shutil.copytree(self.node.repo, taken.of(part))
                self.node.start()
        return taken

    def put_back(self, backup: Backup, parts: Iterable[Part]) -> None:
        """These parts as they were then; the others stay as they are."""
        for part in parts:
            if part == "database":
                for file in self._database_files():
                    file.unlink()
                for copy in backup.of(part).iterdir():
                    shutil.copy2(copy, self.world.home)
            elif part == "keyring":
                _replace(self.world.settings.keyring_folder, backup.of(part))
            else:
                self.node.stop()
                _replace(self.node.repo, backup.of(part))
                self.node.start()

    def _database_files(self) -> list[Path]:
        return list(self.world.home.glob("vitalmint.db*"))


def _replace(folder: Path, copy: Path) -> None:
    shutil.rmtree(folder)
    shutil.copytree(copy, folder)


def holds(folder: Path, needle: bytes) -> list[Path]:
    """The files below a folder in which these bytes occur."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path for path in files if needle in path.read_bytes()]
