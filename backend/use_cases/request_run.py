"""An operator asks for a synthetic dataset: the plan is checked now, the cohort by the worker."""

from dataclasses import dataclass
from math import isfinite

from backend.crypto.training_keys import RANDOM_BYTES, training_key_id
from backend.domain.account import Role
from backend.domain.errors import InvalidField, RoleRequired, TooManyRuns
from backend.domain.generation import MOST_ROWS, Run, RunPlan, RunState
from backend.domain.identifiers import AccountId, JobId, RunId, random_id_text
from backend.ports import Ports
from backend.ports.generators import GeneratorOffer
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.consent_records import account_of

GENERATE_DATASET = "generate_dataset"
LONGEST_TITLE = 120
LONGEST_DESCRIPTION = 2000
LARGEST_SEED = 2**53 - 1
"""What JSON carries exactly."""
LEAST_EPSILON = 0.1
LARGEST_DELTA = 1e-3
_SALT_BYTES = 32


@dataclass(frozen=True)
class RequestRun:
    """`seed` is drawn where none is given, and always under differential privacy."""

    account_id: AccountId
    plan: RunPlan
    seed: int | None = None


def request_run(command: RequestRun, *, ports: Ports) -> Run:
    """The run, queued; `InvalidField` naming what of the plan cannot be carried out, and
    `TooManyRuns` while as many are unfinished as there may be."""
    require_operator(command.account_id, ports=ports)
    _check(command, ports)
    _ = ports.evaluator.address  # without a key that signs, nothing is learnt in vain
    run = Run(
        id=RunId(random_id_text(ports.random_bytes(16))),
        requested_by=command.account_id,
        plan=command.plan,
        seed=_seed(command, ports),
        salt=ports.random_bytes(_SALT_BYTES),
        key_id=training_key_id(ports.random_bytes(RANDOM_BYTES)),
        state=RunState.QUEUED,
        requested_at=ports.clock.now(),
    )
    with ports.database.write() as unit:
        _require_room(unit, command.account_id, ports)
        unit.runs.add(run)
        job_id = JobId(random_id_text(ports.random_bytes(16)))
        unit.jobs.enqueue(job_id, GENERATE_DATASET, run.id, run.requested_at)
    return run


def require_operator(account_id: AccountId, *, ports: Ports) -> None:
    """`RoleRequired` for everybody else."""
    if account_of(account_id, ports=ports).role is not Role.OPERATOR:
        raise RoleRequired("generation runs are an operator's: sign in as one")


def _require_room(unit: UnitOfWork, account_id: AccountId, ports: Ports) -> None:
    """Requests of one operator are counted one after the other, also while nothing waits; those of
    several at the same time, once something does."""
    unit.accounts.by_id(account_id)  # held, as the first run that waits is
    unfinished = unit.runs.unfinished()
    if unfinished:
        unit.runs.by_id(unfinished[0].id)
        unfinished = unit.runs.unfinished()
    most = ports.policy.unfinished_runs
    if len(unfinished) >= most:
        raise TooManyRuns(
            f"{len(unfinished)} runs are queued or running, and there may be {most}: wait until "
            "one has ended, or cancel one at /api/runs"
        )


def _seed(command: RequestRun, ports: Ports) -> int:
    if command.seed is not None:
        return command.seed
    return int.from_bytes(ports.random_bytes(8), "big") % (LARGEST_SEED + 1)


def _check(command: RequestRun, ports: Ports) -> None:
    plan = command.plan
    offer = _offer(plan, ports)
    if plan.setting not in offer.settings:
        raise InvalidField("setting", f"{offer.name} has the settings {', '.join(offer.settings)}")
    if not 1 <= plan.rows <= MOST_ROWS:
        raise InvalidField("rows", f"a dataset has 1 to {MOST_ROWS} rows or days")
    if command.seed is not None and not 0 <= command.seed <= LARGEST_SEED:
        raise InvalidField("seed", f"a seed is a whole number from 0 to {LARGEST_SEED}")
    if command.seed is not None and plan.epsilon is not None:
        raise InvalidField(
            "seed",
            "under differential privacy the seed is drawn here: leave it out, for who "
            "knows it can take the noise off again",
        )
    _check_text("title", plan.title, LONGEST_TITLE)
    _check_text("description", plan.description, LONGEST_DESCRIPTION)
    _check_privacy(plan, offer, ports)


def _offer(plan: RunPlan, ports: Ports) -> GeneratorOffer:
    offers = {offer.name: offer for offer in ports.generators.offers()}
    offer = offers.get(plan.generator)
    if offer is None:
        fitting = [one.name for one in offers.values() if one.releasable and plan.kind in one.kinds]
        known = ", ".join(fitting) or "none"
        raise InvalidField(
            "generator", f"no generator is called so: for {plan.kind.name.lower()} there is {known}"
        )
    if plan.kind not in offer.kinds:
        kinds = ", ".join(sorted(kind.name.lower() for kind in offer.kinds))
        raise InvalidField("generator", f"{offer.name} learns {kinds} records alone")
    if not offer.releasable:
        raise InvalidField(
            "generator",
            f"what {offer.name} makes may not leave (licence: {offer.licence}; or it repeats or "
            "mixes real rows): name one that offers say is releasable",
        )
    return offer


def _check_text(field: str, text: str, longest: int) -> None:
    if (
        not text.strip()
        or len(text) > longest
        or not all(c.isprintable() or c == "\n" for c in text)
    ):
        raise InvalidField(field, f"{field}: 1 to {longest} characters that can be printed")


def _check_privacy(plan: RunPlan, offer: GeneratorOffer, ports: Ports) -> None:
    if plan.epsilon is None and plan.delta is None:
        return
    if plan.epsilon is None or plan.delta is None:
        raise InvalidField("delta", "differential privacy needs both epsilon and delta")
    if not offer.differential_privacy:
        private = [one.name for one in ports.generators.offers() if one.differential_privacy]
        raise InvalidField(
            "epsilon",
            f"{offer.name} learns without differential privacy: "
            f"leave epsilon and delta out, or name one of: {', '.join(private) or 'none'}",
        )
    most = ports.policy.privacy_budget.epsilon
    if not (isfinite(plan.epsilon) and LEAST_EPSILON <= plan.epsilon <= most):
        raise InvalidField("epsilon", f"epsilon is at least {LEAST_EPSILON:g} and at most {most:g}")
    most = min(LARGEST_DELTA, ports.policy.privacy_budget.delta)
    if not (isfinite(plan.delta) and 0 < plan.delta <= most):
        raise InvalidField("delta", f"delta is above 0 and at most {most:g}")
