"""`python -m tests.vectors FILE …`: every vector of the files, in either format; names each that does not agree and how.
The last line is `N of M agree`; exit 1 if any does not."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.vectors import business, chain


def disagreements(vector: Mapping[str, Any]) -> Iterator[str]:
    """How our figures differ; what breaks off is a disagreement too."""
    try:
        reader = business if "calendar" in vector else chain
        yield from reader.disagreements(vector)
    except Exception as error:  # noqa: BLE001 - whatever a vector breaks is told, and the next one is tried
        yield f"broke off: {type(error).__name__}: {error}"


def main(files: Sequence[str]) -> int:
    """Run the files."""
    agreed = total = 0
    for file in files:
        for line in Path(file).read_text(encoding="utf-8").splitlines():
            if not line.strip():
                continue
            vector = json.loads(line)
            found = list(disagreements(vector))
            total += 1
            agreed += not found
            for one in found:
                print(f"{vector['id']}: {one}")
    print(f"{agreed} of {total} agree")
    return int(agreed != total)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m tests.vectors FILE …")
    sys.exit(main(sys.argv[1:]))
