"""The house's rules that import contracts cannot say: each a pure function from one source file to its violations."""

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

LONGEST_FUNCTION = 40
LONGEST_FILE = 400
EMPTY_NAMES = frozenset({"Manager", "Helper", "Helpers", "Util", "Utils", "Base", "Common", "Data", "Info"})

# Where things are wired: only here may code ask for the time, for chance or for a pause. The rest takes them as parameters.
WIRING = (
    "gateway/agent.py",
    "gateway/api/agents.py",
    "gateway/app.py",
    "gateway/cli.py",
    "gateway/cli/**",
    "gateway/desk_client/**",
    "gateway/flows/worker.py",
    "gateway/flows/worker/**",
    "gateway/testing/**",
)
TIME_AND_CHANCE = frozenset(
    {
        *(
            "datetime.datetime.now",
            "datetime.datetime.utcnow",
            "datetime.datetime.today",
            "datetime.date.today",
        ),
        *("time.time", "time.time_ns", "time.sleep", "asyncio.sleep", "anyio.sleep"),
        *(
            f"{module}.{name}"
            for module in ("uuid", "uuid_utils")
            for name in ("uuid1", "uuid4", "uuid6", "uuid7")
        ),
    }
)
CHANCE_MODULES = ("random.", "numpy.random.")

# What the domain may take from outside itself: the standard library without clocks, disks, networks, processes or chance.
DOMAIN_MAY_IMPORT = ("gateway.domain", "gateway.errors")
IMPURE_STANDARD_MODULES = frozenset(
    {
        *(
            "asyncio",
            "concurrent",
            "multiprocessing",
            "os",
            "pathlib",
            "random",
            "secrets",
            "select",
            "selectors",
        ),
        *(
            "shutil",
            "signal",
            "socket",
            "sqlite3",
            "ssl",
            "subprocess",
            "sys",
            "tempfile",
            "threading",
            "time",
            "uuid",
        ),
        *(
            "email",
            "ftplib",
            "http",
            "imaplib",
            "logging",
            "poplib",
            "smtplib",
            "urllib",
            "xmlrpc",
            "io",
            "glob",
        ),
    }
)
PURE_PARTS_OF_IMPURE_MODULES = ("urllib.parse", "email.utils")
CONNECTOR_MAY_IMPORT = (
    *("gateway.connector", "gateway.in_house", "gateway.domain.model", "gateway.errors"),
    # The published mapping of a standard, which our own door speaks too: a client of it has no second one.
    "gateway.domain.tmf621",
)
# The name of a connector that is also a word of its own: only a whole text counts as naming it, not part of an identifier.
ALSO_A_WORD = frozenset({"loopback", "tmf621"})


@dataclass(frozen=True, kw_only=True)
class Source:
    """One file: its path from the top of the checkout and its text."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    def at(self, line: int, what: str) -> str:
        return f"{self.path}:{line} {what}"

    def within(self, *patterns: str) -> bool:
        """Whether the path is one of `patterns`; `folder/**` means everything below the folder."""
        for pattern in patterns:
            folder, rest, _ = pattern.partition("/**")
            if self.path == PurePosixPath(pattern) or (rest and PurePosixPath(folder) in self.path.parents):
                return True
        return False


Rule = Callable[[Source], Iterator[str]]


def docstring(source: Source) -> Iterator[str]:
    """Every module opens by saying which rule lives here."""
    if not ast.get_docstring(source.tree):
        yield source.at(1, "has no module docstring")


def length(source: Source) -> Iterator[str]:
    """No function beyond 40 lines, no file beyond 400."""
    lines = len(source.text.splitlines())
    if lines > LONGEST_FILE:
        yield source.at(1, f"has {lines} lines, more than {LONGEST_FILE}")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            size = (node.end_lineno or node.lineno) - node.lineno + 1
            if size > LONGEST_FUNCTION:
                yield source.at(node.lineno, f"{node.name} has {size} lines, more than {LONGEST_FUNCTION}")


def class_names(source: Source) -> Iterator[str]:
    """A class says what it is; words that fit everything say nothing."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            empty = EMPTY_NAMES.intersection(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", node.name))
            if empty:
                yield source.at(node.lineno, f"{node.name} is named with {', '.join(sorted(empty))}")


def swallowed_exceptions(source: Source) -> Iterator[str]:
    """An exception is answered, told or let through; it never just ends."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and all(_does_nothing(statement) for statement in node.body):
            yield source.at(node.lineno, "swallows an exception")


def time_and_chance(source: Source) -> Iterator[str]:
    """Only wiring reads clocks, rolls dice, makes ids or sleeps."""
    if source.within(*WIRING):
        return
    known = _imported_names(source.tree)
    for node in ast.walk(source.tree):
        name = _dotted(node, known)
        if name in TIME_AND_CHANCE or name.startswith(CHANCE_MODULES):
            yield source.at(getattr(node, "lineno", 1), f"uses {name}; take it as a parameter")


def domain_imports(source: Source) -> Iterator[str]:
    """The domain judges; it imports the pure part of the standard library, itself and the names of errors."""
    if not source.within("gateway/domain/**"):
        return
    for line, module in _imports(source.tree):
        root = module.partition(".")[0]
        pure = root in sys.stdlib_module_names and root not in IMPURE_STANDARD_MODULES
        if not (pure or _inside(module, (*DOMAIN_MAY_IMPORT, *PURE_PARTS_OF_IMPURE_MODULES))):
            yield source.at(line, f"imports {module} into the domain")


def connector_imports(source: Source) -> Iterator[str]:
    """A connector reads the port, the nouns and the errors; of the gateway it knows nothing else."""
    if not source.within("connectors/**"):
        return
    for line, module in _imports(source.tree):
        if module.partition(".")[0] == "gateway" and not _inside(module, CONNECTOR_MAY_IMPORT):
            yield source.at(line, f"imports {module} into a connector")


def naming_connectors(names: Sequence[str]) -> Rule:
    """The rule that the gateway names none of the connectors `names`; what ships for tests may."""

    def rule(source: Source) -> Iterator[str]:
        if not source.within("gateway/**") or source.within("gateway/testing/**"):
            return
        for node in ast.walk(source.tree):
            for text in _texts(node):
                if text in names or text.startswith("connectors."):
                    yield source.at(getattr(node, "lineno", 1), f"names the connector {text!r}")
            for name in _identifiers(node):
                if any(_has_words(name, own) for own in names if own not in ALSO_A_WORD):
                    yield source.at(getattr(node, "lineno", 1), f"is written for one connector: {name}")

    return rule


def _does_nothing(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, module) of every import; `from package import module` yields `package.module`, so sub-modules are seen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def _inside(module: str, packages: Sequence[str]) -> bool:
    return any(module == package or module.startswith(package + ".") for package in packages)


def _imported_names(tree: ast.Module) -> Mapping[str, str]:
    """Local name → what it stands for: `import datetime as dt` gives dt → datetime."""
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            known |= {
                alias.asname or alias.name.partition(".")[0]: alias.name
                for alias in node.names
                if alias.asname
            }
            known |= {
                name: name
                for name in (alias.name.partition(".")[0] for alias in node.names if not alias.asname)
            }
        elif isinstance(node, ast.ImportFrom) and node.module:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def _dotted(node: ast.AST, known: Mapping[str, str]) -> str:
    """The full name that a name or attribute stands for, "" where it comes from no import."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, known)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _texts(node: ast.AST) -> tuple[str, ...]:
    return (node.value,) if isinstance(node, ast.Constant) and isinstance(node.value, str) else ()


def _identifiers(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
            return (name,)
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return (name,)
    return ()


def _has_words(identifier: str, name: str) -> bool:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower()
    return f"_{name}_" in f"_{words.strip('_')}_"
