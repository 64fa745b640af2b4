"""The contract every connector keeps, ours or a third party's, in one line of a test module:

    TestAcme = contract_suite(CONNECTOR, Path(acme.__file__).parent)

The rules are plain functions that yield problems in words (`rules_manifest`, `rules_inbound`, `rules_outbound`); pytest
sees one test for each rule and fixture. Without pytest: `python -m gateway.testing.contract acme:CONNECTOR [folder]`.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from gateway.connector import Connector
from gateway.errors import Invalid
from gateway.registry import folder_of
from gateway.testing import rules_inbound, rules_manifest, rules_outbound
from gateway.testing.fixtures import Received, Subject, Talk, load

USAGE = "python -m gateway.testing.contract package.module:CONNECTOR [folder]"


class ContractBroken(AssertionError):
    """A connector breaks a rule; the message lists each problem in words."""


class _Metafunc(Protocol):
    """What pytest hands to `pytest_generate_tests`."""

    fixturenames: Sequence[str]

    def parametrize(self, names: str, values: Sequence[Any], *, ids: Sequence[str]) -> None: ...


class ContractSuite:
    """The tests; `contract_suite` binds them to a connector."""

    subject: ClassVar[Subject]

    def pytest_generate_tests(self, metafunc: _Metafunc) -> None:
        """One test for each rule and fixture, named `rule-fixture`."""
        for name, cases in (
            ("folder_rule", _folder_cases),
            ("message", _message_cases),
            ("talk", _talk_cases),
        ):
            if name in metafunc.fixturenames:
                found = cases(self.subject) or [("nothing_recorded", None)]  # or pytest would report a skip
                metafunc.parametrize(name, [case for _, case in found], ids=[words for words, _ in found])

    def test_folder(self, folder_rule: rules_manifest.Rule) -> None:
        """The manifest, what it claims, and its level."""
        _hold(folder_rule(self.subject))

    def test_message(self, message: tuple[rules_inbound.Rule, Received] | None) -> None:
        """Each message that comes in; a product without webhooks has none."""
        if message is not None:
            rule, case = message
            _hold(rule(self.subject, case))

    def test_talk(self, talk: tuple[rules_outbound.Rule, Talk] | None) -> None:
        """Each conversation that goes out; that there are some is a rule of the folder."""
        if talk is not None:
            rule, case = talk
            _hold(rule(self.subject, case))


def contract_suite(connector: Connector, folder: Path) -> type[ContractSuite]:
    """The suite for one connector; bind it to a name that begins with `Test`. Raises Invalid for a broken fixture."""
    name = f"Contract[{connector.manifest.name}]"
    return type(name, (ContractSuite,), {"subject": load(connector, folder)})


def problems(connector: Connector, folder: Path) -> Iterator[str]:
    """Every problem of a connector, each with its rule and fixture."""
    subject = load(connector, folder)
    for words, rule in _folder_cases(subject):
        yield from (f"{words}: {problem}" for problem in rule(subject))
    for words, (inbound, received) in _message_cases(subject):
        yield from (f"{words}: {problem}" for problem in inbound(subject, received))
    for words, (outbound, talk) in _talk_cases(subject):
        yield from (f"{words}: {problem}" for problem in outbound(subject, talk))


def _folder_cases(subject: Subject) -> list[tuple[str, rules_manifest.Rule]]:
    del subject  # the same rules for every folder
    return [(rule.__name__, rule) for rule in rules_manifest.RULES]


def _message_cases(subject: Subject) -> list[tuple[str, tuple[rules_inbound.Rule, Received]]]:
    return [
        (f"{rule.__name__}-{case.name}", (rule, case))
        for case in subject.received
        for rule in rules_inbound.RULES
    ]


def _talk_cases(subject: Subject) -> list[tuple[str, tuple[rules_outbound.Rule, Talk]]]:
    return [
        (f"{rule.__name__}-{case.name}", (rule, case))
        for case in subject.talks
        for rule in rules_outbound.RULES
    ]


def _hold(found: Iterator[str]) -> None:
    listed = list(dict.fromkeys(found))
    if listed:
        raise ContractBroken(
            "\n".join(listed[:10] + ([f"… and {len(listed) - 10} more"] if len(listed) > 10 else []))
        )


def named(reference: str) -> Connector:
    """The connector that `package.module:NAME` names. Raises Invalid where nothing of that name can be imported."""
    module, _, attribute = reference.partition(":")
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there; what it imports is not
        raise Invalid(f"there is no {module} to import here", cure=USAGE) from error
    connector: Connector = getattr(found, attribute or "CONNECTOR")
    return connector


def main(arguments: Sequence[str]) -> int:
    """Print every problem; 1 if there are any, 2 if the command is misused or a fixture cannot be read."""
    if not arguments or arguments[0].startswith("-"):
        print(USAGE, file=sys.stderr)  # noqa: T201
        return 2
    try:
        connector = named(arguments[0])
        found = list(problems(connector, Path(arguments[1]) if len(arguments) > 1 else folder_of(connector)))
    except Invalid as error:  # no such module, or a fixture that breaks the format
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    print("\n".join(found) or f"{connector.manifest.name} keeps the contract")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
