"""A series that can be recognised wherever it comes up, in whichever form it was put.

Numbers are searched for as runs: five in a row are nobody else's. Archives, compressed streams,
encodings and Parquet are opened, and what is inside is searched as well.
"""

import base64
import gzip
import io
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import duckdb
import numpy as np
import pandas as pd

MMOL = 18.0182
RUN = 5
_DEEPEST = 3
_LARGE = 20_000
_STRIDES = range(1, 13)
_NUMBER = re.compile(rb"(?<![\w.])-?\d{1,6}(?:\.\d{1,12})?(?![\w.])")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{200,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-f]{2}){100,}|(?:[0-9A-F]{2}){100,}")
_SCALES = {
    "mg/dL in tenths": lambda v: np.round(v * 10),
    "whole mg/dL": lambda v: np.round(v),
    "mmol/L in tenths": lambda v: np.round(v / MMOL * 10),
    "mmol/L in hundredths": lambda v: np.round(v / MMOL * 100),
}
_TOLD = {
    "mg/dL in tenths": lambda n: np.round(n * 10),
    "whole mg/dL": lambda n: np.round(n),
    "mmol/L in tenths": lambda n: np.round(n * 10),
    "mmol/L in hundredths": lambda n: np.round(n * 100),
}


@dataclass(frozen=True)
class Canary:
    """Numbers in their order, runs of which are looked for.

    Attributes:
        step: a run begins at every so many numbers; rows of a table are looked for as rows.
        scales: in which units and roundings.
        bare: bytes that must not be there as they are.
    """

    readings: tuple[float, ...]
    step: int = 1
    scales: tuple[str, ...] = tuple(_SCALES)
    bare: tuple[bytes, ...] = ()

    def found_in(self, content: bytes, depth: int = 0) -> list[str]:
        """In which forms it is there; archives and encodings inside are opened."""
        found = self._arrays(content)
        found += self._runs_told(content)
        if depth < _DEEPEST:
            for name, inside in _opened(content):
                found += [f"{name}: {form}" for form in self.found_in(inside, depth + 1)]
        return found

    def _arrays(self, content: bytes) -> list[str]:
        """Which needles are there; of a large content only those whose beginning is."""
        needles = self._needles
        if len(content) > _LARGE:
            there = _words(content, self._beginnings)
            needles = {name: one for name, one in needles.items() if one[:8] in there}
        return [name for name, needle in needles.items() if needle in content]

    @cached_property
    def _beginnings(self) -> np.ndarray:
        return np.frombuffer(b"".join(one[:8] for one in self._needles.values()), "<u8")

    @cached_property
    def _needles(self) -> dict[str, bytes]:
        """Runs as arrays of every usual type; among fifteen numbers in a row lies a whole one."""
        needles = {f"bare {at}": one for at, one in enumerate(self.bare)}
        for start in range(0, len(self.readings) - RUN, 2 * RUN):
            run = self.readings[start : start + RUN]
            for code, scale in _CODES:
                for order in "<>":
                    values = [v if code in "efd" else round(v * scale) for v in run]
                    name = f"run {start} as {order}{code} times {scale}"
                    needles[name] = struct.pack(f"{order}{RUN}{code}", *values)
        return needles

    def _runs_told(self, content: bytes) -> list[str]:
        """Runs of readings among the numbers of a text, in their order, others in between."""
        numbers = np.array([float(one) for one in _NUMBER.findall(content)])
        found = []
        for name, windows in self._windows.items():
            told = _TOLD[name](numbers)
            known = np.isin(told, self._values[name])
            if known.sum() < RUN:
                continue
            for stride in _STRIDES:
                if _has_run(told, known, stride, windows):
                    found.append(f"readings as {name}, every {stride}. number of a text")
        return found

    @cached_property
    def _windows(self) -> dict[str, frozenset[tuple[float, ...]]]:
        plain = np.array(self.readings)
        return {
            name: frozenset(
                tuple(row)
                for row in np.lib.stride_tricks.sliding_window_view(_SCALES[name](plain), RUN)[
                    :: self.step
                ]
            )
            for name in self.scales
        }

    @cached_property
    def _values(self) -> dict[str, np.ndarray]:
        plain = np.array(self.readings)
        return {name: np.unique(_SCALES[name](plain)) for name in self.scales}


_CODES = (("e", 1), ("f", 1), ("d", 1), ("H", 1), ("i", 1), ("q", 1), ("H", 10), ("i", 10))


def _words(content: bytes, wanted: np.ndarray) -> set[bytes]:
    """Which of the eight-byte words stand anywhere in the content."""
    found: set[bytes] = set()
    for at in range(8):
        words = np.frombuffer(content[at : len(content) - (len(content) - at) % 8], "<u8")
        found |= {word.tobytes() for word in np.unique(words[np.isin(words, wanted)])}
    return found


def _has_run(
    told: np.ndarray, known: np.ndarray, stride: int, windows: frozenset[tuple[float, ...]]
) -> bool:
    count = len(told) - stride * (RUN - 1)
    if count <= 0:
        return False
    columns = [known[at * stride : at * stride + count] for at in range(RUN)]
    starts = np.flatnonzero(np.logical_and.reduce(columns))
    runs = told[starts[:, None] + np.arange(RUN) * stride]
    return not windows.isdisjoint(map(tuple, runs.tolist()))


def _opened(content: bytes) -> Iterator[tuple[str, bytes]]:
    """What lies inside: members of archives, compressed streams, encoded text, Parquet."""
    for at in _places(content, b"PK\x03\x04")[:1]:
        yield from _members(content[at:])
    for at in _places(content, b"\x1f\x8b\x08"):
        yield from _inflated("gzip", content[at:], 31)
    for magic in (b"x\x01", b"x\x9c", b"x\xda"):
        for at in _places(content, magic):
            yield from _inflated("zlib", content[at:], 15)
    for one in _BASE64.findall(content):
        body = one.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
        for skipped in range(4):
            part = body[skipped:]
            yield "base64", base64.b64decode(part[: len(part) // 4 * 4])
    for one in _HEX.findall(content):
        yield "hexadecimal", bytes.fromhex(one.decode())
    if content[:4] == b"PAR1":
        yield from _columns(content)


def _places(content: bytes, magic: bytes) -> list[int]:
    return [found.start() for found in re.finditer(re.escape(magic), content)][:50]


def _members(content: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield f"member {name}", archive.read(name)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error):
        return


def _inflated(name: str, content: bytes, window: int) -> Iterator[tuple[str, bytes]]:
    try:
        plain = zlib.decompressobj(window).decompress(content, 2**26)
    except zlib.error:
        return
    if len(plain) >= 8:
        yield name, plain


def _columns(content: bytes) -> Iterator[tuple[str, bytes]]:
    place = os.memfd_create("canary.parquet")
    with os.fdopen(place, "wb") as file, duckdb.connect(config={"threads": 1}) as engine:
        file.write(content)
        file.flush()
        try:
            frame = engine.execute("SELECT * FROM read_parquet(?)", [f"/proc/self/fd/{place}"]).df()
        except duckdb.Error:
            return
    yield "Parquet", frame.to_csv(index=False).encode()
    for column in frame.select_dtypes("number"):
        yield f"column {column} of Parquet", frame[column].to_numpy("float64").tobytes()


def vitals_canary(start: datetime, seed: int = 20261122) -> tuple[Canary, bytes]:
    """Rows of vital signs that nobody else has, and their file."""
    source = np.random.default_rng(seed)
    names = ["heart_rate", "respiratory_rate", "systolic_bp", "diastolic_bp", "spo2"]
    lows, highs = (48, 9, 96, 51, 89), (118, 27, 178, 94, 100)
    rows = source.integers(lows, highs, (60, len(names)))
    lines = [",".join(["timestamp", *names])]
    for at, row in enumerate(rows):
        moment = f"{start + timedelta(hours=6 * at):%Y-%m-%dT%H:%M:%S}"
        lines.append(",".join([moment, *map(str, row)]))
    readings = tuple(float(value) for value in rows.ravel())
    canary = Canary(readings, step=len(names), scales=("whole mg/dL",))
    return canary, ("\n".join(lines) + "\n").encode()


def glucose_canary(start: datetime, days: int = 4, seed: int = 20261122) -> tuple[Canary, bytes]:
    """A series of five-minute readings that nobody else has, and its file."""
    source = np.random.default_rng(seed)
    count = days * 288
    walk = 140 + 45 * np.sin(np.arange(count) * 2 * np.pi / 288) + source.normal(0, 9, count)
    readings = tuple(float(v) for v in np.round(np.clip(walk, 45, 390), 1))
    lines = ["timestamp,glucose_mg_dl"]
    for at, value in enumerate(readings):
        lines.append(f"{start + timedelta(minutes=5 * at):%Y-%m-%dT%H:%M:%S},{value}")
    return Canary(readings), ("\n".join(lines) + "\n").encode()


def encodings(canary: Canary, file: bytes, canonical: bytes) -> dict[str, bytes]:
    """Forms in which it could get out; the search finds every one of them."""
    some = canary.readings[700:760]
    mmol = [v / MMOL for v in some]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("a/readings.csv", file)
    rows = ",".join(f'{{"at": {at}, "mg_dl": {v}}}' for at, v in enumerate(some))
    return {
        "the file": file,
        "a part of the file": b"\n".join(file.splitlines()[900:912]),
        "the canonical trace": canonical,
        "readings of the canonical trace": canonical[-2 * len(canary.readings) - 900 :][:1500],
        "JSON in mg/dL": repr([round(v) for v in some]).encode(),
        "JSON in mmol/L": repr([round(v, 1) for v in mmol]).encode(),
        "JSON in exact mmol/L": repr([round(v, 2) for v in mmol]).encode(),
        "JSON of objects": f"[{rows}]".encode(),
        "lines": "\n".join(f"{v:.1f}" for v in some).encode(),
        "an SVG path": ("M" + " L".join(f" {at},{v}" for at, v in enumerate(some))).encode(),
        "float32": np.array(some, "<f4").tobytes(),
        "float64, big-endian": np.array(some, ">f8").tobytes(),
        "tenths in 16 bits": np.round(np.array(some) * 10).astype("<u2").tobytes(),
        "base64 of the file": base64.b64encode(b"xx" + file),
        "base64 for addresses": base64.urlsafe_b64encode(canonical),
        "base64 of float32": base64.b64encode(np.array(some, "<f4").tobytes()),
        "hexadecimal": canonical.hex().encode(),
        "hexadecimal in capitals": np.array(some, "<f8").tobytes().hex().upper().encode(),
        "gzip": b"before" + gzip.compress(file),
        "zlib": zlib.compress(file),
        "a member of a ZIP": archive.getvalue(),
        "gzip in base64 in JSON": b'{"x": "' + base64.b64encode(gzip.compress(file)) + b'"}',
        "a ZIP in a ZIP": _zipped(archive.getvalue()),
        "Parquet": _parquet(some),
        "Parquet in a ZIP": _zipped(_parquet(some)),
    }


def _zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", content)
    return out.getvalue()


def _parquet(values: tuple[float, ...]) -> bytes:
    place = os.memfd_create("canary.parquet")
    with os.fdopen(place, "rb") as file, duckdb.connect(config={"threads": 1}) as engine:
        engine.register("rows", pd.DataFrame({"mg_dl": values}))
        engine.execute(
            f"COPY rows TO '/proc/self/fd/{place}' (FORMAT parquet, COMPRESSION zstd, "
            "USE_TMP_FILE false)"
        )
        return file.read()
