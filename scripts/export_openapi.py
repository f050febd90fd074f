"""Write the API's description to docs/openapi.json, or check that it is still that one."""

import argparse
import json
import sys
from pathlib import Path

from backend.http.api import build_api

FILE = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def openapi_text() -> str:
    """The document, the same on every machine."""
    return json.dumps(build_api().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail on a difference")
    check = parser.parse_args(arguments).check
    text = openapi_text()
    present = FILE.read_text(encoding="utf-8") if FILE.is_file() else None
    if present == text:
        print(f"{FILE.name} is up to date")
        return 0
    if check:
        print(f"{FILE.name} is not what the code serves: run python -m scripts.export_openapi")
        return 1
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text, encoding="utf-8")
    print(f"{FILE.name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
