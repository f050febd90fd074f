"""Job name → use case, and the jobs that come round by themselves."""

from collections.abc import Callable, Mapping

from backend.domain.job import Again
from backend.ports import Ports
from backend.use_cases import (
    anchor_contributions,
    erase_account,
    erase_contribution,
    follow_chain,
    forget_runs,
    forget_trainings,
    generate_dataset,
    settle_consent,
    settle_sign_up,
    sweep_reservations,
    train_glucose_model,
)
from backend.use_cases.forget_runs import LET_GO_OF_RUN
from backend.use_cases.request_run import GENERATE_DATASET
from backend.use_cases.request_training import TRAIN_GLUCOSE_MODEL

TRAINING = frozenset({TRAIN_GLUCOSE_MODEL, GENERATE_DATASET})
"""The lane of jobs that take minutes of a core: a worker can do them alone, or leave them out."""

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
        "destroy_training_key": forget_trainings.destroy_training_key,
        LET_GO_OF_RUN: forget_runs.let_go_of_run,
        GENERATE_DATASET: generate_dataset.generate_dataset,
        TRAIN_GLUCOSE_MODEL: train_glucose_model.train_glucose_model,
    }


__all__ = ["PERIODIC", "TRAINING", "JobFunction", "Ports", "job_functions"]
