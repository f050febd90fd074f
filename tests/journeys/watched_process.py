"""Runs a module as `python -m` does, and notes every file that Python opens for writing.

python watched_process.py NOTES MODULE [ARGUMENT …]
"""

import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    notes = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TMPFILE & ~os.O_DIRECTORY

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & writing and not isinstance(path, int):
                os.write(notes, f"{os.fsdecode(path)}\n".encode())  # type: ignore[arg-type]

    sys.addaudithook(note)
    sys.argv = sys.argv[2:]
    sys.path[0] = str(Path.cwd())
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


main()
