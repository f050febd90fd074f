"""Job name → use case, and the jobs that come round by themselves."""

from collections.abc import Callable, Mapping

from backend.domain.job import Again
from backend.ports import Ports
from backend.use_cases import (
    anchor_contributions,
    erase_account,
    erase_contribution,
    follow_chain,
    settle_consent,
    settle_sign_up,
    sweep_reservations,
)

JobFunction = Callable[..., Again | None]
"""Called with the job's key and, by keyword, `ports: Ports`."""

PERIODIC = ("sweep_reservations", "follow_chain")
"""Queued at every worker's start under the key "-"; each asks to be run again."""


def job_functions() -> Mapping[str, JobFunction]:
    """Every job this release knows."""
    return {
        "anchor_contribution": anchor_contributions.run,
        "settle_consent": settle_consent.run,
        "settle_sign_up": settle_sign_up.settle_sign_up,
        "finish_erasure": erase_contribution.finish_erasure,
        "destroy_account_key": erase_account.destroy_account_key,
        "sweep_reservations": sweep_reservations.run,
        "follow_chain": follow_chain.run,
        "follow_event": follow_chain.run_event,
    }


__all__ = ["PERIODIC", "JobFunction", "Ports", "job_functions"]
