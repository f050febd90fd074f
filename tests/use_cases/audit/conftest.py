"""One long history on a real chain, recorded once, to be audited from memory as often as needed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from backend.adapters.chain.evidence import BatchedNode, NodeEvidence
from backend.adapters.chain.json_rpc import JsonRpc
from backend.crypto.cid import cid_of
from backend.domain.audit_report import AuditReport
from backend.domain.deployment import Deployment
from backend.domain.errors import ContentMissing
from backend.domain.identifiers import Cid, ContentDigest
from backend.ports.chain_evidence import ChainEvidence
from backend.ports.checkpoint import CheckpointFile
from backend.ports.content_store import ContentStore
from backend.use_cases.audit.audit import Audit, Sources, audit
from backend.use_cases.audit.audit_content import ContentSources
from backend.use_cases.audit.deployment_file import read_deployment
from tests.chain_fixture import DeployedChain
from tests.use_cases.audit.chain_hand import Hand
from tests.use_cases.audit.history import History, Writer, people_of
from tests.use_cases.audit.replay import Answers, RecordingNode, ReplayingNode


class ShelfOfBytes:
    """A content store that hands out whatever lies on the shelf, unchecked."""

    def __init__(self, contents: dict[ContentDigest, bytes]) -> None:
        self.shelf = {cid_of(digest): content for digest, content in contents.items()}

    def get(self, cid: Cid, *, limit: int) -> bytes:
        if cid not in self.shelf:
            raise ContentMissing("nothing lies there")
        return self.shelf[cid]


class FixedClock:
    """Always the same moment, unless moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 22, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


@dataclass(frozen=True)
class Recorded:
    """A history, and everything that a node said when it was audited."""

    deployment_file: bytes
    answers: Answers
    contents: dict[ContentDigest, bytes]
    erased: dict[ContentDigest, bytes]

    @property
    def deployment(self) -> Deployment:
        return read_deployment(self.deployment_file)

    def evidence(self, node: BatchedNode | None = None) -> NodeEvidence:
        return evidence_of(node or ReplayingNode(self.answers), self.deployment)

    def audit(
        self,
        *,
        evidence: ChainEvidence | None = None,
        store: ContentStore | ShelfOfBytes | None = None,
        deployment_file: bytes | None = None,
        checkpoint_file: CheckpointFile | None = None,
        clock: FixedClock | None = None,
        name: str = "the recorded store",
    ) -> AuditReport:
        """The audit, with one of its sources replaced if asked."""
        deployment = read_deployment(deployment_file or self.deployment_file)
        chain = evidence or evidence_of(ReplayingNode(self.answers), deployment)
        content = ContentSources(store or ShelfOfBytes(self.contents))  # type: ignore[arg-type]
        return audit(
            Audit(deployment, name, workers=2),
            sources=Sources(chain, content),
            checkpoint_file=checkpoint_file,
            clock=clock or FixedClock(),
            progressed=lambda stage, done, total: None,
        )


def evidence_of(node: BatchedNode, deployment: Deployment) -> NodeEvidence:
    """The evidence of a node for a deployment."""
    return NodeEvidence(node, {name: one.address for name, one in deployment.contracts.items()})


@pytest.fixture(scope="session")
def write_history() -> Callable[[DeployedChain], History]:
    """Makes the history on a chain."""

    def write(deployed: DeployedChain) -> History:
        deployment = json.loads(deployed.deployment_file.read_text())
        hand = Hand(deployed.ganache, deployment)
        return Writer(hand, people_of(deployed.ganache.private_keys)).write()

    return write


@pytest.fixture(scope="session")
def recorded(
    deployed_for_session: DeployedChain, write_history: Callable[[DeployedChain], History]
) -> Recorded:
    """The history as it was made on Ganache, which forgets it afterwards."""
    file = deployed_for_session.deployment_file.read_bytes()
    with deployed_for_session.ganache.rolled_back():
        history = write_history(deployed_for_session)
        node = RecordingNode(JsonRpc(deployed_for_session.rpc_url, timeout_s=30))
        first = Recorded(file, node.answers, history.contents, history.erased)
        first.audit(evidence=first.evidence(node))
    return first
