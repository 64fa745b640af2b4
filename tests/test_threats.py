"""Each threat T1 to T28 has a test named after it: `test_t7_…`. What only a browser shows is said where it is missing."""

import re

from tests.documents import CHECKOUT

_NAMED = re.compile(r"^(?:async )?def test_t(\d{1,2})_", re.MULTILINE)
LAST = 28


def named() -> set[int]:
    """Threats that a test is named after."""
    files = (path.read_text(encoding="utf-8") for path in (CHECKOUT / "tests").rglob("test_*.py"))
    return {int(number) for text in files for number in _NAMED.findall(text)}


def test_every_threat_has_a_test_of_its_name() -> None:
    assert named() == set(range(1, LAST + 1))
