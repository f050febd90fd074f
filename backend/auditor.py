"""The auditor's composition root: chain, content store and deployment file, and nothing else.

It reads no environment, opens no database and needs no secret.
"""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from backend.adapters.audit_output.document import document
from backend.adapters.audit_output.progress import progress_bars
from backend.adapters.audit_output.table import print_report
from backend.adapters.chain.evidence import NodeEvidence
from backend.adapters.chain.json_rpc import JsonRpc
from backend.adapters.checkpoint.file import CheckpointOnDisk
from backend.adapters.clock import SystemClock
from backend.adapters.content_store.kubo import KuboContentStore
from backend.adapters.public_listing.reader import listed_certificates
from backend.crypto.certificates import MOST_RELEASE
from backend.crypto.cid import digest_of_cid
from backend.domain.audit_report import AuditReport
from backend.domain.errors import InvalidField, MisconfiguredService
from backend.use_cases.audit.audit import Audit, Progressed, Sources, audit
from backend.use_cases.audit.audit_content import ContentSources
from backend.use_cases.audit.audit_releases import NamedRelease
from backend.use_cases.audit.deployment_file import read_deployment

HOLDS, BREACHED = 0, 1


@dataclass(frozen=True)
class AuditSettings:
    """Everything an audit is told: three inputs, and how patient to be."""

    rpc_url: str
    ipfs_api_url: str
    deployment_file: Path | None
    resume_file: Path | None = None
    chain_timeout_s: float = 60.0
    content_timeout_s: float = 60.0
    search_timeout_s: float = 10.0
    """How long the node may search its peers for what it does not hold itself."""
    workers: int = 4
    certificates: tuple[str, ...] = ()
    """Files, or CIDs, of certificates to audit as well."""
    listings: tuple[str, ...] = ()
    """Files, or addresses, that name certificates."""

    def __post_init__(self) -> None:
        faults = [
            f"{name}: an http or https address is needed"
            for name, value in (("--rpc", self.rpc_url), ("--ipfs", self.ipfs_api_url))
            if not _is_http(value)
        ]
        if self.deployment_file is None:
            faults.append("--deployment: the deployment file is needed")
        elif not self.deployment_file.is_file():
            faults.append(f"--deployment: there is no file {self.deployment_file}")
        faults += [
            f"--certificate: {one} is neither a file nor a content id"
            for one in self.certificates
            if not Path(one).is_file() and not _is_cid(one)
        ]
        faults += [
            f"--certificates: {one} is neither a file nor an http or https address"
            for one in self.listings
            if not Path(one).is_file() and not _is_http(one)
        ]
        if faults:
            raise MisconfiguredService(tuple(faults))


def run_audit(
    rpc_url: str,
    ipfs_api_url: str,
    deployment: Path | None,
    *,
    as_json: bool = False,
    resume: Path | None = None,
    certificates: Sequence[str] = (),
    listings: Sequence[str] = (),
) -> int:
    """Audit and print: the exit status is 0 when everything holds, 1 when anything is breached.

    What prevents an audit (a node that does not answer, a file that cannot be read) is raised as
    a `VitalMintError`; the checkpoint then holds what has passed.
    """
    settings = AuditSettings(
        rpc_url,
        ipfs_api_url,
        deployment,
        resume,
        certificates=tuple(certificates),
        listings=tuple(listings),
    )
    with progress_bars() as progressed:
        report = audited(settings, progressed)
    if as_json:
        json.dump(document(report), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        print_report(report, Console())
    return HOLDS if report.holds else BREACHED


def audited(settings: AuditSettings, progressed: Progressed) -> AuditReport:
    """The report on what the settings name."""
    assert settings.deployment_file is not None
    deployment = read_deployment(settings.deployment_file.read_bytes())
    addresses = {name: one.address for name, one in deployment.contracts.items()}
    held = KuboContentStore(settings.ipfs_api_url, timeout_s=settings.content_timeout_s)
    network = KuboContentStore(
        settings.ipfs_api_url, timeout_s=settings.search_timeout_s, offline=False
    )
    node = JsonRpc(settings.rpc_url, timeout_s=settings.chain_timeout_s)
    with closing(node), closing(held), closing(network):
        return audit(
            Audit(
                deployment,
                settings.ipfs_api_url,
                settings.workers,
                _releases(settings),
            ),
            sources=Sources(NodeEvidence(node, addresses), ContentSources(held, network)),
            checkpoint_file=None
            if settings.resume_file is None
            else CheckpointOnDisk(settings.resume_file),
            clock=SystemClock(),
            progressed=progressed,
        )


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _releases(settings: AuditSettings) -> tuple[NamedRelease, ...]:
    """Everything that was named, each once."""
    named = list(settings.certificates)
    for listing in settings.listings:
        named += listed_certificates(listing, timeout_s=settings.content_timeout_s)
    return tuple(_named(one) for one in dict.fromkeys(named))


def _is_cid(text: str) -> bool:
    try:
        digest_of_cid(text)
    except InvalidField:
        return False
    return True


def _named(one: str) -> NamedRelease:
    """A file's content, or what is to be fetched; a file is named without its folder."""
    path = Path(one)
    if not path.is_file():
        return NamedRelease(one)
    with path.open("rb") as opened:
        return NamedRelease(path.name, opened.read(MOST_RELEASE + 1))
