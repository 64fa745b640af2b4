"""How two documents differ, as few lines as it takes: what a rule of the contract suite shows an author."""

import difflib
import json

MOST_LINES = 40


def difference(found: object, expected: object) -> str:
    """Lines that begin with `-` stand in the fixture, lines with `+` are what the connector made."""
    lines = list(
        difflib.unified_diff(_lines(expected), _lines(found), "fixture", "connector", n=2, lineterm="")
    )
    more = len(lines) - MOST_LINES
    return "\n".join(lines[:MOST_LINES] + ([f"… and {more} more lines"] if more > 0 else []))


def _lines(document: object) -> list[str]:
    return json.dumps(document, indent=1, ensure_ascii=False).splitlines()
