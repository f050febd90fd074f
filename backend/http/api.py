"""The API put together, without anything behind it: routes, errors, description."""

from fastapi import FastAPI

from backend.http.errors import add_error_handlers
from backend.http.openapi import describe, operations
from backend.http.routers import (
    access_log,
    accounts,
    consents,
    contributions,
    datasets,
    documentation,
    export,
    forecast,
    glucose,
    guidance,
    health,
    invitations,
    journal,
    privacy_ledger,
    rewards,
    runs,
    sessions,
    siwe,
    wallet,
)

_ROUTERS = (
    accounts.router,
    sessions.router,
    siwe.router,
    invitations.router,
    consents.router,
    contributions.router,
    journal.router,
    guidance.router,
    forecast.router,
    glucose.router,
    rewards.router,
    privacy_ledger.router,
    runs.router,
    datasets.router,
    wallet.router,
    access_log.router,
    export.router,
    health.router,
    documentation.router,
)


def build_api() -> FastAPI:
    """Every route; it can be described as it is, and served once `backend.app` adds the ports."""
    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
        redirect_slashes=False,
    )
    add_error_handlers(app)
    for router in _ROUTERS:
        app.include_router(router)
    operations(app)  # builds every handler, so that one without access entry fails here
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    return app
