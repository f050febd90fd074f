"""multipart/form-data read into memory: nothing of it ever touches a disk."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from backend.domain.errors import InvalidField, PayloadTooLarge

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

_FIELD_LIMIT = 1024
_ENVELOPE_LIMIT = 16 * 1024
"""What boundaries, part headers and small fields may add to the file."""


@dataclass
class _Part:
    name: str = ""
    content: bytearray = field(default_factory=bytearray)


async def read_form(
    chunks: AsyncIterator[bytes],
    content_type: str,
    *,
    file_field: str,
    file_limit: int,
    fields: Sequence[str] = (),
) -> dict[str, bytes]:
    """Every part by its name, of the file and `fields`; what is wrong ends it where it is met.

    Raises:
        PayloadTooLarge: as soon as too many bytes have come.
        InvalidField: a part with another name or with none, or a name for the second time.
    """
    form = _Form(file_field, file_limit, fields)
    parser = MultipartParser(_boundary(content_type), form.callbacks())
    received = 0
    async for chunk in chunks:
        received += len(chunk)
        if received > file_limit + _ENVELOPE_LIMIT:
            raise too_large(file_limit)
        _write(parser, chunk)
    if not form.ended:
        raise _malformed()
    return {name: bytes(part.content) for name, part in form.parts.items()}


def too_large(limit: int) -> PayloadTooLarge:
    """The refusal of a file of more than `limit` bytes."""
    return PayloadTooLarge(
        f"the file is larger than {limit} bytes ({limit / 2**20:g} MiB): export a shorter period"
    )


def declared_too_large(content_length: str | None, file_limit: int) -> bool:
    """Whether the request says itself that it is too large."""
    declared = content_length or ""
    return declared.isdigit() and int(declared) > file_limit + _ENVELOPE_LIMIT


class _Form:
    """The parser's callbacks."""

    def __init__(self, file_field: str, file_limit: int, fields: Sequence[str]) -> None:
        self.parts: dict[str, _Part] = {}
        self.ended = False
        self._file_field = file_field
        self._file_limit = file_limit
        self._names = (file_field, *fields)
        self._part = _Part()
        self._header = bytearray()
        self._value = bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._on_header,
            "on_header_value": self._on_value,
            "on_header_end": self._on_header_end,
            "on_headers_finished": self._on_headers_finished,
            "on_part_data": self._on_data,
            "on_end": self._on_end,
        }

    def _begin(self) -> None:
        self._part = _Part()

    def _on_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _on_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _on_header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._part.name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header, self._value = bytearray(), bytearray()

    def _on_headers_finished(self) -> None:
        name = self._part.name
        if not name or name in self.parts:
            raise InvalidField("file", "every part of the form has a name of its own")
        if name not in self._names:
            raise InvalidField(name[:64], f"the form has only the fields {', '.join(self._names)}")
        self.parts[name] = self._part

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        self._part.content += data[start:end]
        is_file = self._part.name == self._file_field
        if is_file and len(self._part.content) > self._file_limit:
            raise too_large(self._file_limit)
        if not is_file and len(self._part.content) > _FIELD_LIMIT:
            raise InvalidField("kind", f"a field beside the file has at most {_FIELD_LIMIT} bytes")

    def _on_end(self) -> None:
        self.ended = True


def _boundary(content_type: str) -> bytes:
    media_type, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if media_type != b"multipart/form-data" or not 0 < len(boundary) <= 200:
        raise InvalidField("file", "send the file as multipart/form-data, in a field named file")
    return boundary


def _write(parser: MultipartParser, chunk: bytes) -> None:
    try:
        parser.write(chunk)
    except FormParserError as error:
        raise _malformed() from error


def _malformed() -> InvalidField:
    return InvalidField("file", "the multipart form is broken or cut off: send it again whole")
