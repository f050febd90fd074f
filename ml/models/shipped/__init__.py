"""Models that come with the project; each folder is an artifact with its card."""

from pathlib import Path

from ml.artifacts import Artifact, read

_FOLDER = Path(__file__).resolve().parent


def shipped(name: str = "gru") -> Artifact:
    """The shipped model of that name; its card says what it learnt from and how well it does.

    Raises:
        BrokenArtifact: it is not there, or not whole.
    """
    return read(_FOLDER / name)
