"""How often one may try: counted per id, per client address, per account."""

import hashlib
import ipaddress
import math
import time
from typing import Annotated

from fastapi import Depends, Request
from limits import RateLimitItem, parse_many
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from backend.domain.credentials import normal_login
from backend.domain.errors import MisconfiguredService, RateLimited
from backend.http.config import HttpConfig


class RateLimits:
    """One counter storage with the configured rates."""

    def __init__(self, config: HttpConfig) -> None:
        self._limiter = FixedWindowRateLimiter(storage_from_string(config.rate_storage))
        self._login = _rates("login_rate", config.login_rate)
        self._client = _rates("client_rate", config.client_rate)
        self._upload = _rates("upload_rate", config.upload_rate)
        self._consent = _rates("consent_rate", config.consent_rate)
        self._training = _rates("training_rate", config.training_rate)
        self._figures = _rates("figures_rate", config.figures_rate)
        self._run = _rates("run_rate", config.run_rate)
        self._browse = _rates("browse_rate", config.browse_rate)
        self._download = _rates("download_rate", config.download_rate)

    def count_client(self, client: str) -> None:
        """One attempt from this client address, or `RateLimited`."""
        self._count(self._client, "client", client, "from your network")

    def count_login(self, login: str) -> None:
        """One attempt at this id, whoever makes it, or `RateLimited`."""
        self._count(self._login, "login", normal_login(login), "for this id")

    def count_upload(self, account_id: str) -> None:
        """One upload of this account, or `RateLimited`."""
        self._count(self._upload, "upload", account_id, "of this account")

    def count_consent(self, account_id: str) -> None:
        """One consent of this account on its way to the chain, or `RateLimited`."""
        self._count(self._consent, "consent", account_id, "to consent with this account")

    def count_revocation(self, account_id: str) -> None:
        """One revocation on its way to the chain, or `RateLimited`; consents do not count here."""
        self._count(self._consent, "revocation", account_id, "to revoke with this account")

    def count_training(self, account_id: str) -> None:
        """One training of this account that will be queued, or `RateLimited`."""
        self._count(self._training, "training", account_id, "to train with this account")

    def count_figures(self, account_id: str) -> None:
        """One answer computed from this account's readings, or `RateLimited`."""
        self._count(self._figures, "figures", account_id, "to compute figures of this account")

    def count_run(self, account_id: str) -> None:
        """One generation run of this operator, or `RateLimited`."""
        self._count(self._run, "run", account_id, "to generate with this account")

    def count_browse(self, client: str) -> None:
        """One look at released datasets from this client address, or `RateLimited`."""
        self._count(self._browse, "browse", client, "from your network")

    def count_download(self, account_id: str) -> None:
        """One package of this account, or `RateLimited`."""
        self._count(self._download, "download", account_id, "to download with this account")

    def _count(self, rates: list[RateLimitItem], what: str, subject: str, whose: str) -> None:
        name = hashlib.sha256(subject.encode()).hexdigest()
        for rate in rates:
            if not self._limiter.hit(rate, what, name):
                reset = self._limiter.get_window_stats(rate, what, name).reset_time
                wait = max(1, math.ceil(reset - time.time()))
                raise RateLimited(
                    f"too many attempts {whose}: try again in {wait} seconds", retry_after_s=wait
                )


class Attempts:
    """Counts what one request attempts."""

    def __init__(self, request: Request) -> None:
        self._limits: RateLimits = request.app.state.rate_limits
        self._client = client_network(request)

    def count(self, login: str | None = None) -> None:
        """An attempt from this client, and at this id where there is one, or `RateLimited`."""
        self._limits.count_client(self._client)
        if login is not None:
            self._limits.count_login(login)


class Relayed:
    """Counts what one request has sent to the chain at the service's cost."""

    def __init__(self, request: Request) -> None:
        self._limits: RateLimits = request.app.state.rate_limits
        self._account: str = request.state.caller.account.id

    def count_consent(self) -> None:
        """A consent of this account, or `RateLimited`."""
        self._limits.count_consent(self._account)

    def count_revocation(self) -> None:
        """A revocation of this account, or `RateLimited`."""
        self._limits.count_revocation(self._account)


class Trained:
    """Counts the trainings that one request queues."""

    def __init__(self, request: Request) -> None:
        self._limits: RateLimits = request.app.state.rate_limits
        self._account: str = request.state.caller.account.id

    def count(self) -> None:
        """A training of this account, or `RateLimited`."""
        self._limits.count_training(self._account)


class Ran:
    """Counts the generation runs that one request queues."""

    def __init__(self, request: Request) -> None:
        self._limits: RateLimits = request.app.state.rate_limits
        self._account: str = request.state.caller.account.id

    def count(self) -> None:
        """A run of this account, or `RateLimited`."""
        self._limits.count_run(self._account)


async def count_browse(request: Request) -> None:
    """For routes that anybody may look at."""
    limits: RateLimits = request.app.state.rate_limits
    limits.count_browse(client_network(request))


async def count_download(request: Request) -> None:
    """For routes that open a package: counted before anything is fetched."""
    limits: RateLimits = request.app.state.rate_limits
    limits.count_download(request.state.caller.account.id)


async def count_figures(request: Request) -> None:
    """For routes that compute from one's readings: counted before anything is opened."""
    limits: RateLimits = request.app.state.rate_limits
    limits.count_figures(request.state.caller.account.id)


async def _trained(request: Request) -> Trained:
    return Trained(request)


async def _ran(request: Request) -> Ran:
    return Ran(request)


async def _relayed(request: Request) -> Relayed:
    return Relayed(request)


async def _attempts(request: Request) -> Attempts:
    return Attempts(request)


AttemptsHere = Annotated[Attempts, Depends(_attempts)]
RelayedHere = Annotated[Relayed, Depends(_relayed)]
TrainedHere = Annotated[Trained, Depends(_trained)]
RanHere = Annotated[Ran, Depends(_ran)]
BROWSED = [Depends(count_browse)]
"""Dependencies of the routes that need no login and look into the database."""
DOWNLOADED = [Depends(count_download)]
COMPUTED = [Depends(count_figures)]
"""Dependencies of the routes whose answers are computed from one's readings."""


def client_network(request: Request) -> str:
    """The client's address; of IPv6 the /64, which one household has whole."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def _rates(name: str, text: str) -> list[RateLimitItem]:
    try:
        return parse_many(text)
    except ValueError as error:
        raise MisconfiguredService((f'{name}: write a rate as in "10/minute"',)) from error
