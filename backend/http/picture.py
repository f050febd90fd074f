"""What every answer with a picture shares."""

from typing import Annotated, Any

from fastapi import Query, Response

from backend.ports.plots import PictureFormat, Unit

_TYPES = {PictureFormat.PNG: "image/png", PictureFormat.SVG: "image/svg+xml"}
_BINARY = {media_type: {"schema": {"type": "string"}} for media_type in _TYPES.values()}
PICTURE: dict[int | str, dict[str, Any]] = {200: {"content": _BINARY, "description": "a picture"}}
"""For the description of an operation."""

UnitAsked = Annotated[Unit, Query(description="of the glucose axis")]
FormatAsked = Annotated[PictureFormat, Query(alias="format", description="png or svg")]


def picture_response(content: bytes, form: PictureFormat, name: str) -> Response:
    """The picture, to be shown in place, with a name to keep it under."""
    headers = {"Content-Disposition": f'inline; filename="{name}.{form.value}"'}
    return Response(content, media_type=_TYPES[form], headers=headers)
