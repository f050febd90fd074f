"""Only gated synthetic artefacts leave (REL-26).

One person's series is a canary in a cohort that is learnt from. It is found in no answer to anybody
but its owner, in nothing that is stored, and in nothing that a command prints; and wherever it is
planted, in whichever form, the same search finds it.
"""

import io
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import backend.cli
from backend.http.access import ACCESS
from backend.http.openapi import operations
from backend.http.schemas.datasets import DatasetShown
from backend.ports import Ports
from backend.use_cases.generate_dataset import generate_dataset
from tests.canaries import encodings, glucose_canary
from tests.cohorts import Studio
from tests.fakes.generators import FakeCohortGenerators
from tests.http.browser import Browser
from tests.http.canary_scene import (
    KEPT_BY_ITS_OWNER,
    PICTURES,
    Scene,
    canonical_of,
    listed,
    scene_in,
    swept,
)

ITS_OWNERS = {"read_contribution", "export_own_data"}
"""The only operations that tell anybody readings: their owner, under these two names."""
PREVIEWS = {"show_datasheet", "show_report", "show_croissant"}


@pytest.fixture(scope="module")
def scene(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, keyring_template: Path
) -> Iterator[Scene]:
    with scene_in(tmp_path_factory.mktemp("scene"), sqlite_template, keyring_template) as made:
        yield made


def test_the_search_finds_the_series_in_every_form(scene: Scene) -> None:
    canary = scene.canaries["cgm"]
    for name, content in encodings(canary, scene.files["cgm"], canonical_of(scene)).items():
        assert canary.found_in(content), name
        if not name.startswith("Parquet"):
            assert canary.found_in(b'{"before": 1} ' + content + b" after"), name
    assert scene.canaries["vitals"].found_in(scene.files["vitals"])


def test_the_search_finds_nobody_elses(scene: Scene) -> None:
    _, other = glucose_canary(scene.ports.clock.now().replace(tzinfo=None), seed=1)
    for content in (other, b"", b"0,1,2,3,4,5," * 1000, sha256(b"x").digest() * 3000):
        assert scene.found_in(content) == []


def test_nobody_but_its_owner_is_told_the_series_by_any_operation(scene: Scene) -> None:
    answers = swept(scene.app, scene.browsers(), scene.ids)
    assert {answer.operation for answer in answers} == set(ACCESS)
    assert listed(answers, scene) == {}
    told = {(answer.role, answer.operation) for answer in answers if answer.status == 200}
    assert {("researcher", "download_dataset"), ("operator", "download_dataset")} <= told
    assert {("nobody", "list_datasets"), ("nobody", "show_certificate")} <= told
    assert {("nobody", name) for name in PREVIEWS} <= told
    assert {("operator", "show_findings"), ("operator", "watch_run")} <= told
    assert ("another patient", "read_contribution") not in told


def test_its_owner_is_told_it_by_two_operations(scene: Scene) -> None:
    browsers = {"its owner": scene.owners_browser()}
    answers = swept(scene.app, browsers, scene.ids, leaving_out=KEPT_BY_ITS_OWNER | PICTURES)
    found = listed(answers, scene)
    assert {operation for _, operation in found} == ITS_OWNERS
    forms = " ".join(form for forms in found.values() for form in forms)
    assert "cgm" in forms and "vitals" in forms, "both kinds were contributed and are told"


def test_nothing_that_is_stored_or_logged_has_it(scene: Scene) -> None:
    places = dict(scene.stored())
    assert {"runs", "datasets", "contributions"} <= set(places)
    assert sum(name.startswith("content ") for name in places) > 50
    assert places["the log"]
    assert {
        name: found for name, content in places.items() if (found := scene.found_in(content))
    } == {}


def commands(group: Any, name: str = "") -> Iterator[str]:
    """Every command of the command line, with its group's name before it."""
    inner = getattr(group, "commands", None)
    if inner is None:
        yield name
        return
    for word, command in inner.items():
        yield from commands(command, f"{name} {word}".strip())


ARGUMENTS: dict[str, list[list[str]]] = {
    "inspect": [["FILE"], ["FILE", "--json"], ["VITALS", "--kind", "vitals"]],
    "audit": [["--rpc", "http://127.0.0.1:9", "--ipfs", "http://127.0.0.1:9", "--json"]],
    "migrate": [[]],
    "settings": [[]],
    "keys create": [[]],
    "keys evaluator": [[]],
    "keys rotate": [[]],
    "jobs dead": [[]],
    "jobs revive": [["ab" * 16]],
    "operator create": [["another", "--password-stdin"]],
}
"""How each command is tried. One that is not here fails the test until it is."""


def test_no_command_prints_it(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = set(commands(typer.main.get_command(backend.cli.app)))
    assert known == set(ARGUMENTS)
    files = {"FILE": tmp_path / "file.csv", "VITALS": tmp_path / "vitals.csv"}
    files["FILE"].write_bytes(scene.files["cgm"])
    files["VITALS"].write_bytes(scene.files["vitals"])
    keys, home = scene.folder / "keys", tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setattr("backend.wiring.connect", connected_to(scene.ports))
    environment = {
        "VITALMINT_DATABASE_URL": f"sqlite:///{scene.folder / 'vitalmint.db'}",
        "VITALMINT_KEYRING_FOLDER": str(keys / "keyring"),
        "VITALMINT_MASTER_KEY_FOLDER": str(keys / "elsewhere" / "masters"),
    }
    done = 0
    for name, tries in ARGUMENTS.items():
        for arguments in tries:
            given = [str(files.get(one, one)) for one in arguments]
            ended = CliRunner().invoke(
                backend.cli.app, [*name.split(), *given], env=environment, input="a long password\n"
            )
            done += ended.exit_code == 0
            said = ended.output.encode() + repr(ended.exception).encode()
            assert scene.found_in(said) == [], name
    assert done >= 8, "most commands did what they do"
    for file in home.rglob("*"):
        assert not file.is_file() or scene.found_in(file.read_bytes()) == []


def connected_to(ports: Ports) -> Any:
    @contextmanager
    def connect(settings: Any) -> Iterator[Ports]:
        yield ports

    return connect


def test_a_route_that_told_it_would_be_found(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted into the public listing, as text."""
    honest = DatasetShown.of
    told = scene.files["cgm"].decode()
    monkeypatch.setattr(
        DatasetShown,
        "of",
        staticmethod(lambda view: honest(view).model_copy(update={"description": told})),
    )
    everything = {route.name for route in operations(scene.app)}
    answers = swept(
        scene.app,
        {"nobody": Browser(scene.app)},
        scene.ids,
        leaving_out=frozenset(everything - {"list_datasets", "show_dataset", "check_health"}),
    )
    assert set(listed(answers, scene)) == {("nobody", "list_datasets"), ("nobody", "show_dataset")}


class Copying(FakeCohortGenerators):
    """Says the best of itself, and puts what it learnt from into the package: behind it, or into
    the file of this name."""

    def __init__(self, into: str | None = None) -> None:
        super().__init__()
        self.into = into

    def generate(self, members: Any, plan: Any, **given: Any) -> Any:
        made = super().generate(members, plan, **given)
        traces = b"".join(one for member in members for one in member.canonicals)
        if self.into is None:
            return replace(made, package=made.package + traces)
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(made.package)) as honest, zipfile.ZipFile(out, "w") as own:
            for name in honest.namelist():
                own.writestr(name, honest.read(name) + (traces if name == self.into else b""))
            report = own.read("report.json")
        return replace(made, package=out.getvalue(), report_digest=sha256(report).digest())


@pytest.mark.parametrize(
    ("into", "role", "told"),
    [
        (None, "operator", {"download_dataset"}),
        ("datasheet.html", "nobody", {"show_datasheet"}),
        ("report.json", "nobody", {"show_report"}),
        ("croissant.json", "nobody", {"show_croissant"}),
        ("data.parquet", "nobody", set()),
    ],
)
def test_a_generator_that_copied_it_into_a_package_would_be_found(
    scene: Scene, into: str | None, role: str, told: set[str]
) -> None:
    """The gate judges what is measured; this is what finds a measure that lies. Of what lies with
    the rows, nobody without an account is told."""
    ports = replace(scene.ports, generators=Copying(into))
    studio = Studio(ports, scene.ports.clock, scene.chain)  # type: ignore[arg-type]
    run_id = studio.request(generator="pretending_privately", epsilon=0.1, delta=1e-6)
    generate_dataset(run_id, ports=ports)
    everything = {route.name for route in operations(scene.app)}
    browser = Browser(scene.app)
    answers = swept(
        scene.app,
        {role: browser if role == "nobody" else browser.be(studio.operator(), ports)},
        {**scene.ids, "dataset_id": [run_id]},
        leaving_out=frozenset(everything - PREVIEWS - {"download_dataset", "show_dataset"}),
    )
    assert {answer.operation for answer in answers if answer.status == 200} >= PREVIEWS or not into
    assert {operation for _, operation in listed(answers, scene)} == told


@pytest.mark.parametrize("place", ["a database", "a content", "the log", "a file"])
def test_a_place_that_kept_it_would_be_found(scene: Scene, tmp_path: Path, place: str) -> None:
    """Planted, found, and taken away again."""
    canonical = canonical_of(scene)
    if place == "a database":
        rows_file = scene.folder / "planted.db"
        with sqlite3.connect(rows_file) as connection:
            connection.execute("CREATE TABLE planted (kept BLOB)")
            connection.execute("INSERT INTO planted VALUES (?)", [canonical])
        found = places_with(scene)
        rows_file.unlink()
    elif place == "a content":
        cid = scene.content.add(canonical)
        found = places_with(scene)
        scene.content.unpin(cid)
    elif place == "the log":
        before = scene.log.getvalue()
        scene.log.write(scene.files["cgm"].decode()[:2000])
        found = places_with(scene)
        scene.log.seek(0)
        scene.log.truncate()
        scene.log.write(before)
    else:
        file = scene.folder / "leftover"
        file.write_bytes(scene.files["vitals"])
        found = places_with(scene)
        file.unlink()
    assert len(found) == 1, found


def places_with(scene: Scene) -> list[str]:
    return [name for name, content in scene.stored() if scene.found_in(content)]
