"""Which certificates a listing names: a file, or every page of an address."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.crypto.cid import digest_of_cid
from backend.domain.errors import InvalidField, Unavailable

MOST_BYTES = 16 * 1024 * 1024
MOST_PAGES = 1_000


def listed_certificates(source: str, *, timeout_s: float) -> tuple[str, ...]:
    """The content ids, each once, in the listing's order.

    `InvalidField` for what is no listing, `Unavailable` for an address that does not answer.
    """
    path = Path(source)
    pages = iter([path.read_bytes()]) if path.is_file() else _pages(source, timeout_s)
    found = [cid for page in pages for cid in _certificates(_parsed(source, page), source)]
    return tuple(dict.fromkeys(found))


def _pages(url: str, timeout_s: float) -> Iterator[bytes]:
    import httpx

    after: str | None = None
    for _ in range(MOST_PAGES):
        try:
            with httpx.stream(
                "GET", url, params={} if after is None else {"after": after}, timeout=timeout_s
            ) as answer:
                answer.raise_for_status()
                page = _bounded(answer.iter_bytes(), url)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unavailable(
                f"the listing at {url} does not answer ({type(error).__name__}): try again"
            ) from error
        yield page
        following = _parsed(url, page).get("next")
        if following is None:
            return
        after = str(following)
    raise InvalidField("certificates", f"the listing at {url} does not end: name a file instead")


def _bounded(chunks: Iterator[bytes], source: str) -> bytes:
    page = bytearray()
    for chunk in chunks:
        page += chunk
        if len(page) > MOST_BYTES:
            raise _no_listing(source)
    return bytes(page)


def _parsed(source: str, page: bytes) -> dict[str, Any]:
    try:
        whole = json.loads(page)
    except (ValueError, RecursionError) as error:
        raise _no_listing(source) from error
    if not isinstance(whole, dict) or not isinstance(whole.get("datasets"), list):
        raise _no_listing(source)
    return whole


def _certificates(listing: dict[str, Any], source: str) -> Iterator[str]:
    for dataset in listing["datasets"]:
        cid = dataset.get("certificate") if isinstance(dataset, dict) else None
        if not isinstance(cid, str):
            raise _no_listing(source)
        digest_of_cid(cid)
        yield cid


def _no_listing(source: str) -> InvalidField:
    return InvalidField(
        "certificates",
        f"{source} is no listing of datasets as GET /api/datasets answers: name another",
    )
