"""Generation runs, as requests and responses; for operators, and nothing about anybody's health."""

from typing import Annotated

from pydantic import ConfigDict, Field

from backend.domain.consent import Kind
from backend.domain.errors import InvalidField
from backend.domain.generation import WHOLE, LeftOut, RunPlan
from backend.domain.release import Certificate, Finding
from backend.http.schemas.base import Asked, KindName, Moment, Told
from backend.ports.generators import GeneratorOffer
from backend.use_cases.request_run import LONGEST_DESCRIPTION, LONGEST_TITLE
from backend.use_cases.show_run import RunPage, RunView

_KINDS = {kind.name.lower(): kind for kind in Kind}
Seed = Annotated[
    int | None,
    Field(description="drawn where none is given; who is held out depends on the run as well"),
]
Epsilon = Annotated[
    float | None,
    Field(description="of differential privacy, together with delta; without it, none is claimed"),
]


class RunAsked(Asked):
    """What is to be made of whose records: everybody who consents to training and sale of them."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "cgm",
                    "generator": "singan",
                    "setting": "quick",
                    "rows": 200,
                    "title": "Glucose days of a cohort",
                    "description": "Whole days at fifteen minutes, of people with diabetes.",
                }
            ]
        },
    )

    kind: KindName
    generator: Annotated[str, Field(description="a name from /api/runs/generators")]
    setting: Annotated[str, Field(description="one of the generator's")]
    rows: Annotated[int, Field(description="rows, or days of glucose")]
    title: Annotated[str, Field(description=f"public, up to {LONGEST_TITLE} characters")]
    description: Annotated[
        str, Field(description=f"public, up to {LONGEST_DESCRIPTION} characters")
    ]
    seed: Seed = None
    epsilon: Epsilon = None
    delta: float | None = None

    def plan(self) -> RunPlan:
        """The plan, or `InvalidField` for a kind that nobody knows."""
        if self.kind not in _KINDS:
            raise InvalidField("kind", f"kind is one of {', '.join(_KINDS)}")
        return RunPlan(
            kind=_KINDS[self.kind],
            generator=self.generator,
            setting=self.setting,
            rows=self.rows,
            title=self.title,
            description=self.description,
            epsilon=self.epsilon,
            delta=self.delta,
        )


class GeneratorShown(Told):
    name: str
    kinds: list[KindName]
    settings: list[str]
    licence: str
    releasable: Annotated[bool, Field(description="whether what it makes may leave")]
    differential_privacy: Annotated[bool, Field(description="whether epsilon may be asked for")]

    @staticmethod
    def of(offer: GeneratorOffer) -> "GeneratorShown":
        return GeneratorShown(
            name=offer.name,
            kinds=sorted(kind.name.lower() for kind in offer.kinds),
            settings=list(offer.settings),
            licence=offer.licence,
            releasable=offer.releasable,
            differential_privacy=offer.differential_privacy,
        )


class GeneratorList(Told):
    generators: list[GeneratorShown]


class LeftOutShown(Told):
    """A contribution that the run does without; nothing of whose it is, or of what is in it."""

    contribution_id: str
    reason: Annotated[
        str,
        Field(
            description="content_missing, content_mismatch, seal_broken (what is stored of it is "
            "gone, is something else, or does not open) or unreadable_record"
        ),
    ]

    @staticmethod
    def of(record: LeftOut) -> "LeftOutShown":
        return LeftOutShown(contribution_id=record.contribution_id, reason=record.reason)


class RunShown(Told):
    run_id: str
    kind: KindName
    generator: str
    setting: str
    rows: int
    title: str
    description: str
    epsilon: float | None
    delta: float | None
    state: Annotated[
        str,
        Field(
            description="queued, running, released, withheld (the gate did not let it out), "
            "refused (too few people, or a plan that cannot be carried out), cancelled or failed"
        ),
    ]
    stage: Annotated[str | None, Field(description="what is being done, in words")]
    progress: Annotated[float, Field(description="0 to 1", ge=0, le=1)]
    attempts: int
    reason: Annotated[
        str | None, Field(description="why it ended otherwise than released, for machines")
    ]
    message: Annotated[str | None, Field(description="the same for people")]
    people: Annotated[int, Field(description="of the cohort; 0 before it was chosen")]
    contributions: int
    left_out: Annotated[
        list[LeftOutShown],
        Field(
            description="contributions that could not be opened or read: the run learns without "
            "them, and so would the next, until they are restored or erased; the first of them"
        ),
    ]
    records_left_out: Annotated[int, Field(description="all of them, counted")]
    withdrawn: Annotated[
        int, Field(description="how many of them took back a consent or erased a record since")
    ]
    passed: Annotated[
        bool | None, Field(description="what the gate said; null before it was asked")
    ]
    requested_at: Moment
    started_at: Moment | None
    ended_at: Moment | None

    @staticmethod
    def of(view: RunView) -> "RunShown":
        run, plan = view.run, view.run.plan
        return RunShown(
            run_id=run.id,
            kind=plan.kind.name.lower(),
            generator=plan.generator,
            setting=plan.setting,
            rows=plan.rows,
            title=plan.title,
            description=plan.description,
            epsilon=plan.epsilon,
            delta=plan.delta,
            state=run.state,
            stage=run.stage,
            progress=run.progress / WHOLE,
            attempts=run.attempts,
            reason=run.reason,
            message=run.message,
            people=view.people,
            contributions=view.contributions,
            left_out=[LeftOutShown.of(record) for record in view.left_out],
            records_left_out=view.records_left_out,
            withdrawn=view.withdrawn,
            passed=None if view.dataset is None else view.dataset.certificate.passes,
            requested_at=run.requested_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
        )


class RunList(Told):
    runs: list[RunShown]
    next: Annotated[
        str | None, Field(description="send as `after` for the next page; null at the end")
    ]

    @staticmethod
    def of(page: RunPage) -> "RunList":
        return RunList(runs=[RunShown.of(view) for view in page.runs], next=page.next)


class FindingShown(Told):
    """One rule of the policy, applied."""

    measure: str
    bound: Annotated[str, Field(description="which number of the measure: value, low or high")]
    at_least: float | None
    at_most: float | None
    found: Annotated[float | None, Field(description="null when it was not measured")]
    holds: bool
    meaning: Annotated[str, Field(description="what the rule is for")]
    sentence: Annotated[str, Field(description="the same for people")]

    @staticmethod
    def of(finding: Finding) -> "FindingShown":
        rule = finding.rule
        return FindingShown(
            measure=rule.measure,
            bound=rule.bound.value,
            at_least=rule.least,
            at_most=rule.most,
            found=finding.found,
            holds=finding.holds,
            meaning=rule.meaning,
            sentence=finding.text(),
        )


class MeasureShown(Told):
    """A figure as its protocol says, with its interval."""

    measure: str
    value: float
    low: float
    high: float
    n: int
    protocol: str


class EvidenceShown(Told):
    """What was measured of a dataset against the people learnt from, and people held out."""

    people: int
    training_people: int
    holdout_people: int
    largest_share: Annotated[float, Field(description="of one person in the windows")]
    rows: int
    epsilon: float | None
    delta: float | None
    second_epsilon: Annotated[float | None, Field(description="what a second accountant says")]
    measures: list[MeasureShown]

    @staticmethod
    def of(certificate: Certificate) -> "EvidenceShown":
        evidence, spent = certificate.evidence, certificate.evidence.privacy
        return EvidenceShown(
            people=evidence.people,
            training_people=evidence.training_people,
            holdout_people=evidence.holdout_people,
            largest_share=evidence.largest_share,
            rows=evidence.synthetic_rows,
            epsilon=None if spent is None else spent.epsilon,
            delta=None if spent is None else spent.delta,
            second_epsilon=None if spent is None else spent.second_epsilon,
            measures=[
                MeasureShown(measure=name, **vars(one))
                for name, one in sorted(evidence.measures.items())
            ],
        )


class FindingsShown(Told):
    """Every rule with what was found: also of a dataset that the gate kept in."""

    run_id: str
    passed: bool
    policy_digest: str
    findings: list[FindingShown]
    evidence: EvidenceShown

    @staticmethod
    def of(certificate: Certificate) -> "FindingsShown":
        return FindingsShown(
            run_id=certificate.run_id,
            passed=certificate.passes,
            policy_digest="0x" + certificate.policy_digest.hex(),
            findings=[FindingShown.of(finding) for finding in certificate.findings()],
            evidence=EvidenceShown.of(certificate),
        )
