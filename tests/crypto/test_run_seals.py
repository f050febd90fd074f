"""What a run keeps opens under its own key, as itself, and in no other way."""

import pytest

from backend.crypto.run_seals import OVERHEAD, RunPart, open_of_run, seal_of_run
from backend.domain.errors import SealBroken
from backend.domain.identifiers import RunId

KEY, RUN, OTHER = b"k" * 32, RunId("ab" * 16), RunId("cd" * 16)
SEALED = seal_of_run(b"a package", RunPart.PACKAGE, key=KEY, run_id=RUN)


def test_what_is_sealed_opens_and_is_longer_by_a_known_number_of_bytes() -> None:
    assert open_of_run(SEALED, RunPart.PACKAGE, key=KEY, run_id=RUN) == b"a package"
    assert len(SEALED) == len(b"a package") + OVERHEAD and b"package" not in SEALED


def test_the_same_content_is_the_same_bytes_and_another_has_another_nonce() -> None:
    assert seal_of_run(b"a package", RunPart.PACKAGE, key=KEY, run_id=RUN) == SEALED
    other = seal_of_run(b"A package", RunPart.PACKAGE, key=KEY, run_id=RUN)
    assert other[:12] != SEALED[:12]
    checkpoint = seal_of_run(b"a package", RunPart.CHECKPOINT, key=KEY, run_id=RUN)
    assert checkpoint[:12] != SEALED[:12]


@pytest.mark.parametrize(
    ("sealed", "part", "key", "run"),
    [
        (SEALED, RunPart.PACKAGE, b"l" * 32, RUN),
        (SEALED, RunPart.PACKAGE, KEY, OTHER),
        (SEALED, RunPart.CHECKPOINT, KEY, RUN),
        (SEALED[:-1], RunPart.PACKAGE, KEY, RUN),
        (SEALED[:5], RunPart.PACKAGE, KEY, RUN),
        (b"", RunPart.PACKAGE, KEY, RUN),
        (SEALED[:20] + bytes([SEALED[20] ^ 1]) + SEALED[21:], RunPart.PACKAGE, KEY, RUN),
    ],
)
def test_anything_else_stays_shut(sealed: bytes, part: RunPart, key: bytes, run: RunId) -> None:
    with pytest.raises(SealBroken):
        open_of_run(sealed, part, key=key, run_id=run)
