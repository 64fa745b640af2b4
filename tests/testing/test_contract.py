"""The suite as pytest sees it, and as a command."""

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.loopback import CONNECTOR, Loopback
from gateway.domain.model import (
    Desk,
    Message,
)
from gateway.registry import folder_of
from gateway.testing import contract, rules_inbound, rules_manifest, rules_outbound
from gateway.testing.contract import ContractBroken, ContractSuite, contract_suite, problems

LOOPBACK = folder_of(CONNECTOR)


def test_a_good_connector_has_no_problems() -> None:
    assert list(problems(CONNECTOR, LOOPBACK)) == []


class AcceptsAll(Loopback):
    def verify(self, message: Message, desk: Desk, *, now: datetime) -> None:
        """No."""


class Parametrised:
    """What pytest would be told."""

    def __init__(self, *names: str) -> None:
        self.fixturenames: Sequence[str] = names
        self.ids: list[str] = []

    def parametrize(self, _names: str, values: Sequence[Any], *, ids: Sequence[str]) -> None:
        assert len(values) == len(ids)
        self.ids += ids


def test_every_rule_meets_every_fixture() -> None:
    suite = contract_suite(CONNECTOR, LOOPBACK)
    subject = suite.subject
    asked = Parametrised("talk")
    suite().pytest_generate_tests(asked)
    assert len(asked.ids) == len(subject.talks) * len(rules_outbound.RULES) > 200
    asked = Parametrised("message")
    suite().pytest_generate_tests(asked)
    assert len(asked.ids) == len(subject.received) * len(rules_inbound.RULES)
    asked = Parametrised("folder_rule")
    suite().pytest_generate_tests(asked)
    assert asked.ids == [rule.__name__ for rule in rules_manifest.RULES]


def test_a_product_without_webhooks_skips_nothing(tmp_path: Path) -> None:
    asked = Parametrised("message")
    contract_suite(CONNECTOR, tmp_path)().pytest_generate_tests(asked)
    assert asked.ids == ["nothing_recorded"]


def test_every_function_that_looks_like_a_rule_is_one() -> None:
    for module in (rules_manifest, rules_inbound, rules_outbound):
        public = {
            name
            for name, item in vars(module).items()
            if callable(item)
            and not name.startswith("_")
            and getattr(item, "__module__", "") == module.__name__
        }
        assert public == {rule.__name__ for rule in module.RULES}


def test_a_broken_rule_fails_its_test_in_words() -> None:
    suite: ContractSuite = contract_suite(AcceptsAll(), LOOPBACK)()
    case = next(case for case in suite.subject.received if case.name == "ticket_created")
    with pytest.raises(ContractBroken, match=r"byte 0 changed: verify should refuse it") as raised:
        suite.test_message((rules_inbound.changed_bytes_are_refused, case))
    assert "SignatureInvalid" in str(raised.value)


def test_the_command_without_pytest(capsys: pytest.CaptureFixture[str]) -> None:
    assert contract.main(["connectors.loopback:CONNECTOR"]) == 0
    assert capsys.readouterr().out == "loopback keeps the contract\n"
    assert contract.main([]) == 2
    assert "package.module:CONNECTOR" in capsys.readouterr().err


def test_the_command_lists_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "loopback"
    shutil.copytree(LOOPBACK, folder)
    (folder / "README.md").unlink()
    assert contract.main(["connectors.loopback:CONNECTOR", str(folder)]) == 1
    assert "readme_is_there: README.md is missing" in capsys.readouterr().out
