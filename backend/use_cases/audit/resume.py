"""Goes on where a checkpoint ended, if the node still shows what it was about."""

from backend.crypto.block_hashes import block_hash
from backend.domain.audit_checks import Check
from backend.domain.deployment import Deployment
from backend.domain.evidence import BlockHeader
from backend.ports.chain_evidence import ChainEvidence
from backend.use_cases.audit.ahead import portions
from backend.use_cases.audit.checkpoint import Checkpoint
from backend.use_cases.audit.tally import Tally
from backend.use_cases.audit.walk import HEADERS_AT_ONCE, Stretch


def resumed_stretch(
    head: BlockHeader,
    deployment: Deployment,
    checkpoint: Checkpoint,
    *,
    evidence: ChainEvidence,
    tally: Tally,
) -> tuple[Stretch, list[BlockHeader]]:
    """What is left to walk, and the headers of the blocks to open that were found before.

    Any header that no longer has the checkpoint's hash discards the whole checkpoint.
    """
    first = deployment.first_block
    whole = Stretch(first, head, after=None)
    walked = checkpoint.progress.walked
    if walked is None:
        return whole, []
    if not first <= walked[0] <= head.number:
        checkpoint.discard()
        return whole, []
    kept: list[BlockHeader] = []
    for portion in portions([*checkpoint.progress.bearing, walked], HEADERS_AT_ONCE):
        headers = evidence.headers([number for number, _ in portion])
        if any(
            header.number != number or block_hash(header) != expected
            for header, (number, expected) in zip(headers, portion, strict=True)
        ):
            checkpoint.discard()
            return whole, []
        kept += headers
    tally.passed(Check.HEADERS, walked[0] - first + 1)
    return Stretch(walked[0] + 1, head, after=kept.pop()), kept
