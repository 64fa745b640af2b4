"""The example of connectors/README.md keeps the contract, and the page shows this very code."""

import re
from pathlib import Path

from gateway.testing.contract import contract_suite
from tests.connectors import acme

FOLDER = Path(acme.__file__).parent
PAGE = Path(__file__).resolve().parents[2] / "connectors" / "README.md"

TestAcme = contract_suite(acme.CONNECTOR, FOLDER)


def test_the_page_shows_the_whole_example() -> None:
    shown = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    written = (FOLDER / "__init__.py").read_text()
    assert [line for part in shown for line in part.splitlines() if line] == [
        line for line in written.splitlines() if line
    ]
