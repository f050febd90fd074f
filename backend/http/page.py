"""The API's description as one HTML page that needs nothing from anywhere else."""

import base64
import hashlib
import json
from html import escape
from typing import Any

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #999; text-transform: capitalize }
summary { cursor: pointer; padding: .3rem 0 }
code, pre { font: 14px/1.4 ui-monospace, monospace }
pre { background: #8881; padding: .7rem; overflow-x: auto }
.method { display: inline-block; min-width: 4.5rem; font-weight: 600 }
.who { opacity: .7 }
:root { color-scheme: light dark }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; frame-ancestors 'none'; base-uri 'none'"
)


def rendered(document: dict[str, Any]) -> str:
    """Every operation by its noun: who it is for, what to send, what comes back."""
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    body = "".join(_group(tag, found, document) for tag, found in _by_tag(document).items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>'
        f"<h1>{title}</h1><p>{escape(info['description'])}</p>"
        f'<p>For machines: <a href="/openapi.json">/openapi.json</a></p>{body}</html>'
    )


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, str, dict[str, Any]]]]:
    groups: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append((method, path, operation))
    return groups


def _group(tag: str, found: list[tuple[str, str, dict[str, Any]]], document: dict[str, Any]) -> str:
    inside = "".join(_operation(method, path, body, document) for method, path, body in found)
    return f"<h2>{escape(tag)}</h2>{inside}"


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    roles = operation.get("x-roles")
    who = "open to all" if roles is None else "for " + ", ".join(roles)
    answers = "".join(
        f"<li><code>{escape(status)}</code> {escape(answer.get('description', ''))}</li>"
        for status, answer in operation["responses"].items()
    )
    return (
        f'<details id="{escape(operation["operationId"])}"><summary>'
        f'<span class="method">{method.upper()}</span> <code>{escape(path)}</code> '
        f'{escape(operation["summary"])} <span class="who">({escape(who)})</span></summary>'
        f"<p>{escape(operation.get('description', ''))}</p>"
        f"{_request(operation, document)}<ul>{answers}</ul></details>"
    )


def _request(operation: dict[str, Any], document: dict[str, Any]) -> str:
    """The example of what to send, or nothing when there is no body."""
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        example = content.get("example") or next(iter(schema.get("examples", [])), None)
        shown = json.dumps(example or schema, indent=2, ensure_ascii=False)
        return f"<p>Send as <code>{escape(media_type)}</code>:</p><pre>{escape(shown)}</pre>"
    return ""
