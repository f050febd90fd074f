"""A patient as the API sees one: signs up, consents, contributes, and looks."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from scripts.run.caller import Caller, ServiceRefused

PATIENCE_S = 120.0
POLL_S = 0.3
UNDER_WAY = ("sealed", "submitted")
LEARNING = ("queued", "running")


class PatientStuck(ServiceRefused):
    """What was asked did not come about in time, or came about otherwise."""


class Patient(Caller):
    """One logged-in patient over real HTTP."""

    role = "patient"

    def consent(
        self, kind: str = "cgm", purposes: tuple[str, ...] = ("care", "training")
    ) -> dict[str, Any]:
        """A year of these purposes for one kind, in force on chain when this returns."""
        ends = (datetime.now(UTC) + timedelta(days=365)).replace(microsecond=0)
        terms = {
            "kinds": [kind],
            "purposes": list(purposes),
            "expires_at": ends.isoformat(),
        }
        granted = self._post("/api/consents", json=terms)

        def shown() -> dict[str, Any]:
            consents = self._get("/api/consents")["consents"]
            return next(one for one in consents if one["consent_id"] == granted["consent_id"])

        return until(lambda one: one["status"] not in ("submitted",), shown)

    def contribute(self, name: str, data: bytes, zone: str, kind: str = "cgm") -> dict[str, Any]:
        """The receipt, or the service's own refusal as it says it."""
        return self._post(
            "/api/contributions",
            files={"file": (name, data)},
            data={"kind": kind, "zone": zone},
        )

    def anchored(self, contribution_id: str) -> dict[str, Any]:
        """The contribution once the chain has decided on it."""
        return until(
            lambda one: one["status"] not in UNDER_WAY,
            lambda: self._get(f"/api/contributions/{contribution_id}"),
        )

    def trained(self, progress: Callable[[str, float], None]) -> dict[str, Any]:
        """A training once it has ended, told how far it is meanwhile."""
        path = f"/api/forecast/trainings/{self._post('/api/forecast/trainings')['training_id']}"

        def look() -> dict[str, Any]:
            seen = self._get(path)
            progress(seen["stage"] or seen["state"], seen["progress"])
            return dict(seen)

        return until(lambda one: one["state"] not in LEARNING, look)

    def forecast(self) -> dict[str, Any]:
        """Two hours and three months ahead, as the person's own model says."""
        return dict(self._get("/api/forecast"))

    def figures(self) -> dict[str, Any]:
        """The consensus figures of everything that was contributed."""
        return dict(self._get("/api/glucose/summary"))

    def rewards(self) -> dict[str, Any]:
        """Balance and what each contribution earned."""
        return self._get("/api/rewards")


def until(
    enough: Callable[[dict[str, Any]], bool],
    look: Callable[[], dict[str, Any]],
    *,
    patience_s: float = PATIENCE_S,
) -> dict[str, Any]:
    """What `look` sees once it is enough, or `PatientStuck`."""
    deadline = time.monotonic() + patience_s
    while not enough(seen := look()):
        if time.monotonic() > deadline:
            state = seen.get("status", seen.get("state"))
            raise PatientStuck(
                f"still {state} after {patience_s:.0f} s: see worker.log, trainer.log"
            )
        time.sleep(POLL_S)
    return seen
