"""Somebody with an account, as the API sees them: signs up, logs in, asks."""

import secrets
from types import TracebackType
from typing import Any, ClassVar, Self

import httpx

PERSON = {
    "name": "Simulated Person",
    "age": 58,
    "address": "1 Example Street",
    "phone_num": "+44 0000 000000",
}


class ServiceRefused(Exception):
    """The service did not do what was asked; the message is its own."""


class Caller:
    """One logged-in account over real HTTP."""

    role: ClassVar[str]

    def __init__(self, api_url: str) -> None:
        self._client = httpx.Client(base_url=api_url, timeout=120)
        self.login = f"{self.role}-{secrets.token_hex(4)}"
        self._password = secrets.token_urlsafe(18)

    def __enter__(self) -> Self:
        self._sign_up()
        session = self._post("/api/login", json={"id": self.login, "password": self._password})
        self._client.headers["X-CSRF-Token"] = session["csrf_token"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def _sign_up(self) -> None:
        account = {"id": self.login, "password": self._password, "role": self.role, **PERSON}
        self._post("/api/signup", json=account)

    def _get(self, path: str) -> Any:
        return answered(self._client.get(path)).json()

    def _post(self, path: str, **content: Any) -> Any:
        return answered(self._client.post(path, **content)).json()

    def _bytes(self, path: str) -> bytes:
        return answered(self._client.get(path)).content


def answered(response: httpx.Response) -> httpx.Response:
    """The response, or the service's own refusal as it says it."""
    if response.is_success:
        return response
    problem = response.json()
    raise ServiceRefused(f"{problem['code']}: {problem['detail']}")
