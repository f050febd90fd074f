"""A fresh, migrated database for each test: on SQLite, on PostgreSQL, or on both in turn."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.adapters.database.schema import upgrade
from backend.adapters.database.unit_of_work import SqlDatabase, open_database


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


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The same test on both engines."""
    url = request.getfixturevalue(request.param)
    assert isinstance(url, str)
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[SqlDatabase]:
    """An open database on each engine, closed afterwards."""
    opened = open_database(database_url)
    yield opened
    opened.close()
