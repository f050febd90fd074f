"""A migrated SQLite file for each test, copied from one that is migrated once."""

import shutil
from pathlib import Path

import pytest

from backend.adapters.database.schema import upgrade


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty file, closed; copy it, never open it."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated, empty database in the test's own folder."""
    path = tmp_path / "vitalmint.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"
