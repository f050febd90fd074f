"""One checkpoint for a training of several stages: what each stage left, or where it rests."""

import io
import zipfile
import zlib

from ml.training.checkpoints import Checkpoints


class Stages:
    """Keeps a blob per stage in the one that the port keeps.

    A blob that this release cannot read counts as none: the training begins again.
    """

    def __init__(self, checkpoints: Checkpoints) -> None:
        self._checkpoints = checkpoints
        self._kept = _unpacked(checkpoints.load())

    def of(self, stage: str) -> "Stage":
        """The checkpoints of one stage, as `ml.training.checkpoints` has them."""
        return Stage(self, stage)

    def load(self, stage: str) -> bytes | None:
        """What the stage saved last."""
        return self._kept.get(stage)

    def save(self, stage: str, state: bytes) -> None:
        """Keep it, beside what the others saved."""
        self._kept[stage] = state
        self._checkpoints.save(_packed(self._kept))

    def clear(self) -> bool:
        """Begin again with nothing kept; False when there was nothing."""
        kept, self._kept = self._kept, {}
        return bool(kept)

    def finish(self, stage: str, result: bytes, *, instead_of: str | None = None) -> None:
        """Keep a stage's result and drop the state it grew from."""
        if instead_of is not None:
            self._kept.pop(instead_of, None)
        self.save(stage, result)


class Stage:
    """One stage's share."""

    def __init__(self, stages: Stages, name: str) -> None:
        self._stages = stages
        self._name = name

    def load(self) -> bytes | None:
        return self._stages.load(self._name)

    def save(self, state: bytes) -> None:
        """Replace the last state."""
        self._stages.save(self._name, state)


def _packed(kept: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(kept):
            archive.writestr(name, kept[name])
    return out.getvalue()


def _unpacked(blob: bytes | None) -> dict[str, bytes]:
    if blob is None:
        return {}
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError):
        return {}
