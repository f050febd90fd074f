"""Is it alive, is it ready, how does it stand."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from backend.http.guard import GuardedRoute
from backend.http.metrics import MEDIA_TYPE
from backend.http.readiness import ReadinessWatch

router = APIRouter(tags=["health"], route_class=GuardedRoute)


class Alive(BaseModel):
    status: str = "ok"


class Readiness(BaseModel):
    """Each part is ok or failed; the status is 503 when any has failed."""

    ready: bool
    parts: dict[str, str]


@router.get("/healthz", summary="Is the process alive")
def check_health() -> Alive:
    """Asks nothing outside."""
    return Alive()


@router.get(
    "/readyz",
    summary="Does everything outside answer",
    responses={503: {"model": Readiness, "description": "a part has failed"}},
)
async def check_readiness(request: Request, response: Response) -> Readiness:
    """Database, keyring, content store and chain, each asked within its time limit.

    The answer may be two seconds old.
    """
    watch: ReadinessWatch = request.app.state.readiness
    answers = await watch.answers()
    response.status_code = 200 if all(answers.values()) else 503
    parts = {part: "ok" if answer else "failed" for part, answer in answers.items()}
    return Readiness(ready=all(answers.values()), parts=parts)


@router.get("/metrics", summary="Figures for Prometheus", response_class=Response)
def show_metrics(request: Request) -> Response:
    """Counts and times; nothing in them says anything about anyone."""
    return Response(request.app.state.metrics.text(), media_type=MEDIA_TYPE)
