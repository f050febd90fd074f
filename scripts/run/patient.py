"""A patient as the API sees one: signs up, consents, contributes, and looks."""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any

import httpx

PATIENCE_S = 120.0
POLL_S = 0.3
UNDER_WAY = ("sealed", "submitted")
LEARNING = ("queued", "running")


class PatientStuck(Exception):
    """The service did not do what was asked; the message is its own."""


class Patient:
    """One logged-in patient over real HTTP."""

    def __init__(self, api_url: str) -> None:
        self._client = httpx.Client(base_url=api_url, timeout=120)
        self.login = f"patient-{secrets.token_hex(4)}"

    def __enter__(self) -> "Patient":
        password = secrets.token_urlsafe(18)
        person = {
            "name": "Simulated Person",
            "age": 58,
            "address": "1 Example Street",
            "phone_num": "+44 0000 000000",
        }
        self._post("/api/signup", json={"id": self.login, "password": password, **person})
        session = self._post("/api/login", json={"id": self.login, "password": password})
        self._client.headers["X-CSRF-Token"] = session["csrf_token"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

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

        return _until(lambda one: one["status"] not in ("submitted",), shown)

    def contribute(self, name: str, data: bytes, zone: str, kind: str = "cgm") -> dict[str, Any]:
        """The receipt, or the service's own refusal as it says it."""
        return self._post(
            "/api/contributions",
            files={"file": (name, data)},
            data={"kind": kind, "zone": zone},
        )

    def anchored(self, contribution_id: str) -> dict[str, Any]:
        """The contribution once the chain has decided on it."""
        return _until(
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

        return _until(lambda one: one["state"] not in LEARNING, look)

    def forecast(self) -> dict[str, Any]:
        """Two hours and three months ahead, as the person's own model says."""
        return dict(self._get("/api/forecast"))

    def figures(self) -> dict[str, Any]:
        """The consensus figures of everything that was contributed."""
        return dict(self._get("/api/glucose/summary"))

    def rewards(self) -> dict[str, Any]:
        """Balance and what each contribution earned."""
        return self._get("/api/rewards")

    def _get(self, path: str) -> Any:
        return _answered(self._client.get(path))

    def _post(self, path: str, **content: Any) -> Any:
        return _answered(self._client.post(path, **content))


def _answered(response: httpx.Response) -> Any:
    if response.is_success:
        return response.json()
    problem = response.json()
    raise PatientStuck(f"{problem['code']}: {problem['detail']}")


def _until(
    enough: Callable[[dict[str, Any]], bool], look: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while not enough(seen := look()):
        if time.monotonic() > deadline:
            state = seen.get("status", seen.get("state"))
            raise PatientStuck(f"still {state} after {PATIENCE_S:.0f} s: see worker.log")
        time.sleep(POLL_S)
    return seen
