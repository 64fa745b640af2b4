"""A connector in any folder, judged: the contract suite, what it imports, the quality level that it reaches, and what the next
one lacks."""

import ast
import importlib.util
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import cast

from gateway.connector import Connector
from gateway.errors import Invalid
from gateway.testing import contract, rules_manifest
from gateway.testing.fixtures import Subject, load

LEVELS = ("draft", "supported", "proven")
_MAY_IMPORT = ("gateway.connector", "gateway.domain.model", "gateway.errors")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """`problems` break the contract; `reached` is the level that it keeps ("" with problems), `claimed` what its manifest says;
    `lacks`: what the next level asks for."""

    name: str
    claimed: str
    reached: str
    problems: tuple[str, ...]
    lacks: tuple[str, ...]

    @property
    def overclaims(self) -> bool:
        """Whether the manifest claims a higher level than is reached."""
        return LEVELS.index(self.claimed) > (LEVELS.index(self.reached) if self.reached else -1)


def judge(folder: Path) -> Judged:
    """Judge the connector of a folder. Raises Invalid where there is none, or where its code or a fixture cannot be read."""
    connector = loaded(folder)
    broken = [*_imports(folder), *contract.problems(connector, folder)]
    subject = load(connector, folder)
    claimed = connector.manifest.quality
    earned = {level: _lacks(subject, level) for level in LEVELS[1:]}
    # A level that is claimed and not earned breaks the contract; what it asks for is told once, as what is lacking.
    told = {lack for lacks in earned.values() for lack in lacks}
    problems = tuple(dict.fromkeys(one for one in broken if one.partition(": ")[2] not in told))
    reached = "draft"
    for level in LEVELS[1:]:
        if earned[level]:
            break
        reached = level
    following = next((level for level in LEVELS[1:] if earned[level]), "")
    return Judged(
        name=connector.manifest.name,
        claimed=claimed,
        reached="" if problems else reached,
        problems=problems,
        lacks=tuple(f"{following}: {lack}" for lack in earned.get(following, ())),
    )


def _lacks(subject: Subject, level: str) -> tuple[str, ...]:
    """What a level asks for and this connector does not have, the levels below it apart."""
    claiming = _Claiming(subject.connector, level)
    asked = replace(subject, connector=cast("Connector", claiming))
    found = list(rules_manifest.level_is_earned(asked))
    below = set() if level == "supported" else set(_lacks(subject, "supported"))
    return tuple(one for one in found if one not in below)


class _Claiming:
    """A connector as if its manifest claimed another level."""

    def __init__(self, connector: Connector, level: str) -> None:
        self._connector = connector
        self.manifest = replace(connector.manifest, quality=level)

    def __getattr__(self, name: str) -> object:
        return getattr(self._connector, name)


def loaded(folder: Path) -> Connector:
    """The connector of a folder, wherever it lies. Raises Invalid."""
    folder = folder.resolve()
    if not (folder / "__init__.py").is_file() or not (folder / "manifest.json").is_file():
        raise Invalid(
            f"{folder} is no folder of a connector",
            why="__init__.py and manifest.json must be in it",
            cure="interdesk connector new NAME begins one",
        )
    try:
        module = _imported(folder)
    except Exception as error:
        raise Invalid(
            f"the code in {folder} cannot be imported", why=f"{type(error).__name__}: {error}"
        ) from error
    if not hasattr(module, "CONNECTOR"):
        raise Invalid(
            f"{folder / '__init__.py'} has no CONNECTOR", cure="end it with CONNECTOR = YourClass()"
        )
    return cast("Connector", module.CONNECTOR)


def _imported(folder: Path) -> ModuleType:
    """The package in a folder, by the name that its own modules import it by: `connectors.acme` within `connectors`."""
    name = f"{folder.parent.name}.{folder.name}" if (folder.parent / "__init__.py").is_file() else folder.name
    known = sys.modules.get(name)
    if known is not None and Path(known.__file__ or "").resolve().parent == folder:
        return known
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{folder} cannot be loaded")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _imports(folder: Path) -> Iterator[str]:
    """A connector imports the port, the nouns, the errors, itself and the standard library."""
    own = (folder.resolve().name, f"{folder.resolve().parent.name}.{folder.resolve().name}")
    for path in sorted(folder.rglob("*.py")):
        for line, module in _named(ast.parse(path.read_text(encoding="utf-8"))):
            top = module.partition(".")[0]
            known = top in sys.stdlib_module_names or any(
                module == one or module.startswith(f"{one}.") for one in (*_MAY_IMPORT, *own)
            )
            if not known:
                yield f"imports-{path.name}:{line}: {module} is not for connectors; only {', '.join(_MAY_IMPORT)} and Python's own"


def _named(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.lineno, node.module or ""
