"""Trainings of personal glucose models, as responses."""

from typing import Annotated

from pydantic import Field

from backend.http.schemas.base import Moment, Told
from backend.use_cases.show_training import TrainingPage, TrainingView


class RefusalShown(Told):
    """Why there was too little to learn from, and what would be enough."""

    message: str
    needs: Annotated[str, Field(description="what would be enough, in a sentence")]
    reasons: Annotated[
        list[str],
        Field(description="too_few_days, low_wear, flat, stuck, too_many_gaps, no_records, …"),
    ]


class TrainingShown(Told):
    training_id: str
    state: Annotated[
        str, Field(description="queued, running, finished, refused, cancelled or failed")
    ]
    stage: Annotated[str | None, Field(description="what is being done, in words")]
    progress: Annotated[float, Field(description="0 to 1", ge=0, le=1)]
    reason: Annotated[
        str | None,
        Field(
            description="why it ended without a model: not_enough_data, unreadable_record, "
            "cancelled_by_patient, consent_ended, record_erased, interrupted_too_often, "
            "failed_inside"
        ),
    ]
    refusal: RefusalShown | None
    has_model: Annotated[
        bool, Field(description="whether the model that it left is the one that answers")
    ]
    requested_at: Moment
    started_at: Moment | None
    ended_at: Moment | None

    @staticmethod
    def of(view: TrainingView) -> "TrainingShown":
        row = view.training
        return TrainingShown(
            training_id=row.id,
            state=row.state,
            stage=row.stage,
            progress=row.progress / 1000,
            reason=row.reason,
            refusal=_refusal(view),
            has_model=view.model is not None,
            requested_at=row.requested_at,
            started_at=row.started_at,
            ended_at=row.ended_at,
        )


class TrainingList(Told):
    trainings: list[TrainingShown]
    next: Annotated[
        str | None, Field(description="send as `after` for the next page; null at the end")
    ]

    @staticmethod
    def of(page: TrainingPage) -> "TrainingList":
        shown = [TrainingShown.of(view) for view in page.trainings]
        return TrainingList(trainings=shown, next=page.next)


def _refusal(view: TrainingView) -> RefusalShown | None:
    if view.refusal is None:
        return None
    told = view.refusal
    return RefusalShown(message=told.message, needs=told.needs, reasons=list(told.reasons))
