"""The API's description, for machines and for people."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from backend.http.guard import GuardedRoute
from backend.http.page import CONTENT_SECURITY_POLICY, rendered

router = APIRouter(include_in_schema=False, route_class=GuardedRoute)


@router.get("/openapi.json")
def show_openapi(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(request.app.openapi())


@router.get("/docs")
def show_documentation(request: Request) -> Response:
    """The same as a page, without a script and without asking anything of another site."""
    page = rendered(request.app.openapi())
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})
