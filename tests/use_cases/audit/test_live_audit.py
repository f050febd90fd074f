"""The command an auditor types, on a real chain and a real IPFS node."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.adapters.chain.json_rpc import JsonRpc
from backend.adapters.content_store.kubo import KuboContentStore
from backend.crypto.cid import cid_of
from backend.domain.audit_checks import OF_RELEASES, Check
from backend.domain.audit_report import ContentState
from backend.domain.errors import ChainUnavailable
from backend.domain.identifiers import Cid
from tests.chain_fixture import DeployedChain
from tests.devnet_fixtures import IpfsNodeUnderTest
from tests.use_cases.audit.certified import certified
from tests.use_cases.audit.conftest import Recorded, ShelfOfBytes
from tests.use_cases.audit.history import History

ROOT = Path(__file__).resolve().parents[3]
COMMAND = Path(sys.executable).with_name("vitalmint")


@pytest.fixture
def live(
    deployed_chain: DeployedChain,
    write_history: Callable[[DeployedChain], History],
    ipfs_node: IpfsNodeUnderTest,
) -> Iterator[tuple[History, KuboContentStore, list[str]]]:
    """A history on chain, its contents on IPFS, and the arguments that name both."""
    history = write_history(deployed_chain)
    store = KuboContentStore(ipfs_node.api_url, timeout_s=30)
    added = [store.add(content) for content in history.contents.values()]
    yield (
        history,
        store,
        ["--rpc", deployed_chain.rpc_url, "--ipfs", ipfs_node.api_url,
         "--deployment", str(deployed_chain.deployment_file)],
    )  # fmt: skip
    for cid in added:
        store.unpin(cid)
    store.collect_garbage()
    store.close()


def run(arguments: list[str], *, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`vitalmint audit` with an environment of nothing."""
    return subprocess.run(
        [COMMAND, "audit", *arguments],
        env={"COLUMNS": "100"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_the_command_audits_with_three_inputs_and_no_environment(
    live: tuple[History, KuboContentStore, list[str]], tmp_path: Path
) -> None:
    history, _, arguments = live
    done = run(arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "everything holds" in done.stdout
    assert "claimed, not verified: quality" in done.stdout
    assert "kept" in done.stdout and "own" in done.stdout and "erased" in done.stdout
    assert list(tmp_path.iterdir()) == [], "an audit leaves nothing behind"

    as_json = run([*arguments, "--json"], folder=tmp_path)
    report = json.loads(as_json.stdout)
    assert (as_json.returncode, report["schema"], report["verdict"]) == (0, 1, "holds")
    assert len(report["contributions"]) == len(history.contents) + len(history.erased)

    forged = tmp_path / "forged.json"
    forged.write_bytes(certified().document)
    found = run([*arguments, "--json", "--certificate", str(forged)], folder=tmp_path)
    report = json.loads(found.stdout)
    assert (found.returncode, report["verdict"]) == (1, "breached")
    breached = {breach["check"] for breach in report["breaches"]}
    assert {"releases.form", "releases.signed", "lineage.root"} <= breached <= OF_RELEASES
    assert "neither a file nor a content id" in run([*arguments, "--certificate", "x"]).stderr


def test_the_command_finds_a_lost_and_an_undeleted_content(
    live: tuple[History, KuboContentStore, list[str]], tmp_path: Path
) -> None:
    history, store, arguments = live
    lost = cid_of(next(iter(history.contents)))
    store.unpin(lost)
    store.collect_garbage()
    undeleted = store.add(next(iter(history.erased.values())))
    try:
        done = run([*arguments, "--json", "--resume", str(tmp_path / "place")])
    finally:
        store.unpin(undeleted)
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert report["verdict"] == "breached"
    found = {breach["check"]: breach for breach in report["breaches"]}
    assert found.keys() == {Check.CONTENT, Check.ERASED_GONE}
    assert lost in found[Check.CONTENT]["subject"]
    assert found[Check.CONTENT]["promises"] == ["CNT-1"]
    assert not (tmp_path / "place").exists()


def test_a_chain_that_is_not_there_is_one_clear_error(
    live: tuple[History, KuboContentStore, list[str]], tmp_path: Path
) -> None:
    _, _, arguments = live
    arguments[1] = "http://127.0.0.1:9"
    done = run([*arguments, "--resume", str(tmp_path / "place")])
    assert done.returncode == 3, "neither a pass nor a breach"
    assert done.stdout == ""
    assert "chain_unavailable" in done.stderr and "Traceback" not in done.stderr


def test_content_erased_while_the_audit_runs_is_no_breach(
    deployed_chain: DeployedChain, write_history: Callable[[DeployedChain], History]
) -> None:
    history = write_history(deployed_chain)
    file = deployed_chain.deployment_file.read_bytes()
    live = Recorded(file, {}, history.contents, history.erased)
    erased = next(iter(history.contents))

    class ErasingStore(ShelfOfBytes):
        def get(self, cid: Cid, *, limit: int) -> bytes:
            if cid == cid_of(erased) and self.shelf.pop(cid, None) is not None:
                history.hand.tell(
                    history.people.next_recorder,
                    "ContributionRegistry",
                    "markErased",
                    erased.sha256,
                )
            return super().get(cid, limit=limit)

    node = JsonRpc(deployed_chain.rpc_url, timeout_s=30)
    report = live.audit(evidence=live.evidence(node), store=ErasingStore(history.contents))
    assert report.holds
    assert Check.CONTENT in {note.check for note in report.notes}
    line = next(one for one in report.contributions if one.digest == erased.sha256)
    assert line.state is ContentState.ERASED


def test_a_deployment_that_was_never_used_holds(deployed_chain: DeployedChain) -> None:
    file = deployed_chain.deployment_file.read_bytes()
    live = Recorded(file, {}, {}, {})
    report = live.audit(evidence=live.evidence(JsonRpc(deployed_chain.rpc_url, timeout_s=30)))
    assert report.holds
    assert report.contributions == ()


def test_a_node_that_does_not_speak_json_rpc_is_named_by_its_host_only() -> None:
    node = JsonRpc("http://user:secret@127.0.0.1:9/v3/secret-key", timeout_s=1)
    with pytest.raises(ChainUnavailable) as raised:
        node.ask([_question()])
    assert "127.0.0.1" in raised.value.message
    assert "secret" not in raised.value.message


def _question() -> Any:
    from backend.adapters.chain.json_rpc import Question

    return Question("eth_chainId", ())
