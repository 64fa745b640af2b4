"""Packages: a part of an installation with parameters, to be shared and applied elsewhere. A parameter stands as `${name}` in a text;
a text that is nothing else takes its value as it is. What comes of it is a file like any other: judged, planned, applied."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway import schemas
from gateway.domain.problem import suggestion
from gateway.errors import Invalid
from gateway.installation import reading, yaml_text
from gateway.installation.reading import Installation

_PLACE = re.compile(r"\$\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, kw_only=True)
class Package:
    """A package as its file has it (schemas/package.v1.json)."""

    document: Mapping[str, Any]
    source: str
    folder: Path

    @property
    def name(self) -> str:
        """Its name and version, for people and the audit."""
        return f"{self.document['package']} {self.document['version']}"

    @property
    def parameters(self) -> Mapping[str, Mapping[str, Any]]:
        """By name."""
        found: Mapping[str, Mapping[str, Any]] = self.document["parameters"]
        return found


def read(path: Path) -> Package:
    """Raises Invalid with every problem: also for a parameter that is used and not declared, or declared and not used."""
    try:
        with path.open("rb") as opened:
            text = opened.read(yaml_text.MAX_BYTES + 1)
    except OSError as error:
        raise Invalid(f"{path.name} cannot be read", why=error.strerror or str(error)) from error
    found = [one for one in yaml_text.documents(text, source=path.name) if one is not None]
    if len(found) != 1:
        raise Invalid(f"{path.name} is no package", why=f"it holds {len(found)} documents, a package is one")
    reading.refuse_open_secrets(found[0].get("installation") if isinstance(found[0], dict) else None)
    schemas.check("package", found[0])
    package = Package(document=found[0], source=path.name, folder=path.parent)
    problems = (*_undeclared(package), *_reaching(package.document["installation"], package, "installation"))
    if problems:
        raise Invalid(f"{path.name} does not fit its parameters", problems=problems)
    return package


def _undeclared(package: Package) -> Iterator[str]:
    used, known = set(_used(package.document["installation"])), package.parameters
    for name in sorted(used - known.keys()):
        yield f"${{{name}}} is no parameter of it; {suggestion(name, known)}"
    for name in sorted(known.keys() - used):
        yield f"parameters.{name}: it is used nowhere; leave it out"


def _reaching(part: object, package: Package, place: str) -> Iterator[str]:
    """Where a package itself would choose a file or variable of this gateway: whoever applies it says which."""
    if isinstance(part, list):
        for number, one in enumerate(part):
            yield from _reaching(one, package, f"{place}[{number}]")
    for name, value in part.items() if isinstance(part, Mapping) else ():
        at = f"{place}.{name}"
        if any("default" in package.parameters.get(one, {}) for one in _PLACE.findall(name)):
            yield f"{at}: a name is no place for a parameter with a default"  # it may spell `file`
        if not _is_secret(place):
            yield from _reaching(value, package, at)
        elif name == "file":
            yield f"{at}: a package names no file; write env: ${{parameter}}"
        elif name == "env":
            whole = _PLACE.fullmatch(value) if isinstance(value, str) else None
            if whole is None or "default" in package.parameters.get(whole[1], {}):
                yield f"{at}: a package names no variable; write a parameter that has no default"
        else:
            yield from _reaching(value, package, at)


def _is_secret(place: str) -> bool:
    return ".credentials." in place or ".hook." in place or ".webhooks[" in place


def _used(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield from _PLACE.findall(part)
    elif isinstance(part, Mapping):
        for name, value in part.items():
            yield from (*_used(name), *_used(value))
    elif isinstance(part, list):
        for value in part:
            yield from _used(value)


def filled(package: Package, given: Mapping[str, str]) -> Installation:
    """The installation that it describes with these values, what is left out as the package has it. Raises Invalid with every
    parameter that is unknown, missing or of another kind, and as any file does."""
    values, problems = dict[str, Any](), list[str]()
    for name in sorted(given.keys() - package.parameters.keys()):
        problems.append(f"{name} is no parameter of it; {suggestion(name, package.parameters)}")
    for name, told in package.parameters.items():
        try:
            values[name] = _value(name, told, given.get(name))
        except Invalid as error:
            problems.append(error.what)
    if problems:
        raise Invalid(
            f"{package.name} cannot be filled in", problems=tuple(problems), cure="--set name=value for each"
        )
    document = _filled(package.document["installation"], values)
    return reading.of_document(document, source=package.source, folder=package.folder)


def _value(name: str, told: Mapping[str, Any], given: str | None) -> Any:
    kind = told.get("type", "text")
    if given is None:
        if "default" not in told:
            raise Invalid(f"{name} is missing: {told['description']}")
        value, said = told["default"], told["default"]
    else:
        value, said = given if kind == "text" else _plain(name, given), given
    fits = isinstance(value, _KINDS[kind]) and (kind == "flag" or not isinstance(value, bool))
    if not fits or value == "":
        raise Invalid(f"{name} is to be a {kind}, and {said!r} is none")
    return value


_KINDS: Mapping[str, type | tuple[type, ...]] = {"text": str, "number": (int, float), "flag": bool}


def _plain(name: str, given: str) -> Any:
    """A number or flag as YAML has it; what is none, or no YAML, stays the text that it is."""
    try:
        found = yaml_text.documents(given.encode(errors="surrogateescape"), source=name)
    except Invalid:
        return given
    return found[0] if len(found) == 1 else given


def _filled(part: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(part, Mapping):
        return {str(_filled(name, values)): _filled(value, values) for name, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    if not isinstance(part, str):
        return part
    whole = _PLACE.fullmatch(part)
    return values[whole[1]] if whole else _PLACE.sub(lambda found: str(values[found[1]]), part)
