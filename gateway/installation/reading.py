"""From files to items: every document judged by its schema, tables unfolded, secrets fetched from where they are kept."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from gateway import schemas
from gateway.domain.plan import LOCAL, Item, Kind, Ref
from gateway.errors import Invalid
from gateway.installation import csv_text, holiday_sources, yaml_text
from gateway.installation.secret_sources import Reference, SecretSource, refuse_weak

SECTIONS: Mapping[str, Kind] = {
    "organizations": Kind.ORGANIZATION,
    "calendars": Kind.CALENDAR,
    "contacts": Kind.CONTACT,
    "sites": Kind.SITE,
    "assets": Kind.ASSET,
    "desks": Kind.DESK,
    "links": Kind.LINK,
    "coverage": Kind.COVERAGE,
    "agreements": Kind.AGREEMENT,
    "webhooks": Kind.WEBHOOK,
}


@dataclass(frozen=True, kw_only=True)
class _Section:
    """One YAML document of one file."""

    document: Mapping[str, Any]
    source: str
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What files describe. `items` carry the names of secrets only; `references` say where each secret is."""

    items: Mapping[Ref, Item]
    references: Mapping[Ref, Mapping[str, Reference]] = field(default_factory=dict)
    feeds: Mapping[Ref, tuple[str, bytes]] = field(default_factory=dict)
    """Of calendars that import one: name and text of the calendar file."""

    def with_holidays(self, this_year: int) -> "Installation":
        """The same with the public holidays of its calendars, as they are known today. Raises Invalid with every problem."""
        found, problems = dict(self.items), list[str]()
        for ref, item in self.items.items():
            told = item.document.get("holidays", {}) if ref.kind is Kind.CALENDAR else {}
            if told.keys() & {"country", "ics", "of_site"}:
                try:
                    days = holiday_sources.frozen(told, self.feeds.get(ref), this_year=this_year)
                except Invalid as error:
                    problems.append(f"{item.source}.holidays: {error.what}")
                else:
                    found[ref] = replace(item, document={**item.document, "holidays": days})
        if problems:
            raise Invalid("the holidays of a calendar cannot be read", problems=tuple(problems))
        return replace(self, items=found)

    def with_secrets(self, source: SecretSource) -> dict[Ref, Item]:
        """The items with their secrets as texts. Raises ConfigError for one that cannot be had or is too short."""
        found = dict(self.items)
        for ref, references in self.references.items():
            texts = {name: source.fetch(reference) for name, reference in references.items()}
            for name, text in texts.items():
                if name.startswith("hook."):
                    refuse_weak(text, what=references[name].what)
            found[ref] = replace(found[ref], secrets=texts)
        return found


def read(path: Path) -> Installation:
    """Everything that a file, or the .yaml and .yml files of a folder, describe.

    Raises Invalid with every problem of the first step that fails, each naming file, path, what is wrong and what would
    be right.
    """
    return _installation([section for file in _files(path) for section in _sections(file)])


def of_document(document: Mapping[str, Any], *, source: str, folder: Path) -> Installation:
    """The same for one document that was read otherwise. `folder`: where the files are that it names."""
    return _installation([_Section(document=document, source=source, folder=folder)])


def _installation(sections: list[_Section]) -> Installation:
    _all_together(sections, _judged)
    items = [item for section in sections for item in _items(section)]
    _refuse_twins(items)
    read_ones = [_without_secrets(item, folder) for item, folder in items]
    feeds = {item.ref: feed for item, folder in items if (feed := _feed(item, folder)) is not None}
    return Installation(
        items={item.ref: item for item, _references in read_ones},
        references={item.ref: references for item, references in read_ones if references},
        feeds=feeds,
    )


def _feed(item: Item, folder: Path) -> tuple[str, bytes] | None:
    """The calendar file that a calendar imports, beside its YAML file or below it."""
    name = item.document.get("holidays", {}).get("ics") if item.ref.kind is Kind.CALENDAR else None
    if name is None:
        return None
    file = _beside(folder, name, f"{item.source}.holidays.ics")
    return name, _bytes(file, holiday_sources.MAX_BYTES, name)


def _beside(folder: Path, name: str, place: str) -> Path:
    """A file in the folder of the YAML file or below it. Raises Invalid."""
    file = folder / name
    if not file.resolve().is_relative_to(folder.resolve()):
        problem = f"{place}: {name} lies outside the folder; put it beside the YAML file"
        raise Invalid("the configuration is not valid", problems=(problem,))
    return file


def _files(path: Path) -> list[Path]:
    files = sorted(path.glob("*.y*ml")) if path.is_dir() else [path]
    if not files:
        raise Invalid(f"there is no .yaml file in {path}")
    return files


def _sections(file: Path) -> Iterator[_Section]:
    found = yaml_text.documents(_bytes(file, yaml_text.MAX_BYTES, file.name), source=file.name)
    for number, document in enumerate(found, start=1):
        name = file.name if len(found) == 1 else f"{file.name} (document {number})"
        if document is not None:
            yield _Section(document=document, source=name, folder=file.parent)


def _bytes(file: Path, limit: int, name: str) -> bytes:
    """At most one byte more than the limit: whoever parses it refuses what is too long."""
    try:
        with file.open("rb") as opened:
            return opened.read(limit + 1)
    except OSError as error:
        raise Invalid(f"{name} cannot be read", why=error.strerror or type(error).__name__) from error


def _all_together(sections: list[_Section], judge: Callable[[_Section], None]) -> None:
    """Every section is judged before the first problem is told."""
    problems: list[str] = []
    for section in sections:
        try:
            judge(section)
        except Invalid as error:
            problems += [f"{section.source}: {problem}" for problem in error.problems]
    if problems:
        raise Invalid("the configuration is not valid", problems=tuple(problems))


def _judged(section: _Section) -> None:
    refuse_open_secrets(section.document)
    schemas.check("installation", section.document)


def refuse_open_secrets(document: object) -> None:
    """Raises Invalid, without quoting it, where a secret itself stands in a document of an installation."""
    open_secrets = list(_open_secrets(document))
    if open_secrets:
        right = "a secret never stands in a file; write {env: NAME}, {file: PATH} or {prompt: true}"
        raise Invalid("", problems=tuple(f"{place}: {right}" for place in open_secrets))


def _open_secrets(document: object) -> Iterator[str]:
    """Places where a secret itself may stand; the schema would show it when it complains."""
    desks = document.get("desks") if isinstance(document, Mapping) else None
    for number, desk in enumerate(desks if isinstance(desks, list) else []):
        for name, may_show in (("credentials", ("kind", "user")), ("hook", ())):
            part = desk.get(name) if isinstance(desk, Mapping) else None
            yield from _open_texts(f"desks[{number}].{name}", part, may_show)


def _open_texts(place: str, part: object, may_show: tuple[str, ...]) -> Iterator[str]:
    if isinstance(part, Mapping):
        for name, value in part.items():
            if name not in (*may_show, "env", "file", "prompt"):
                yield from _open_texts(f"{place}.{name}", value, ())
    elif isinstance(part, list):
        for number, value in enumerate(part):
            yield from _open_texts(f"{place}[{number}]", value, ())
    elif part is not None:
        yield place


def _items(section: _Section) -> Iterator[tuple[Item, Path]]:
    for name, kind in SECTIONS.items():
        for source, document in _documents(section, name, kind):
            yield Item(ref=_ref(kind, document), document=document, source=source), section.folder


def _documents(section: _Section, name: str, kind: Kind) -> Iterator[tuple[str, dict[str, Any]]]:
    listed = section.document.get(name) or []
    if isinstance(listed, Mapping):
        yield from _tabled(section, name, kind)
        return
    for number, document in enumerate(listed):
        yield f"{section.source}: {name}[{number}]", dict(document)


def _tabled(section: _Section, name: str, kind: Kind) -> Iterator[tuple[str, dict[str, Any]]]:
    table = section.document[name]
    file = _beside(section.folder, table["csv"], f"{section.source}: {name}.csv")
    raw = _bytes(file, csv_text.MAX_BYTES, table["csv"])
    common = {"organization": table["organization"]} if "organization" in table else {}
    problems: list[str] = []
    for place, row in csv_text.rows(raw, csv_text.TABLES[name], source=table["csv"]):
        document = common | row
        problems += _problems_of_row(kind, document, place)
        yield place, document
    if problems:
        raise Invalid("the table is not valid", problems=tuple(problems[: schemas.MOST_PROBLEMS]))


def _problems_of_row(kind: Kind, document: Mapping[str, Any], place: str) -> list[str]:
    try:
        schemas.check(kind.value, document)
    except Invalid as error:
        return [f"{place} column {problem}" for problem in error.problems]
    return []


def _ref(kind: Kind, document: Mapping[str, Any]) -> Ref:
    owner = document.get("organization", "") if kind in LOCAL else ""
    code = _coverage_code(document) if kind is Kind.COVERAGE else document.get("code", "")
    return Ref(kind=kind, code=code, organization=owner)


def _coverage_code(row: Mapping[str, Any]) -> str:
    """A coverage row has no name of its own: what it covers, when, and by which link names it."""
    where = row.get("site") or (f"group {row['group']}" if "group" in row else "anywhere")
    return " · ".join(
        (where, row.get("service", "any service"), row.get("hours", "always"), row.get("link", ""))
    )


def _refuse_twins(items: list[tuple[Item, Path]]) -> None:
    seen: dict[Ref, str] = {}
    problems = []
    for item, _folder in items:
        first = seen.setdefault(item.ref, item.source)
        if first != item.source:
            problems.append(f"{item.source}: {item.ref} stands there twice; it is already at {first}")
    if problems:
        raise Invalid("the configuration is not valid", problems=tuple(problems))


def _without_secrets(item: Item, folder: Path) -> tuple[Item, dict[str, Reference]]:
    """The item with the names of its secrets only, and where each of them is."""
    if item.ref.kind is not Kind.DESK:
        return item, {}
    document = dict(item.document)
    where: dict[str, Mapping[str, object]] = {}
    if "credentials" in document:
        given = document["credentials"]
        where["credentials.secret"] = given["secret"]
        document["credentials"] = {name: value for name, value in given.items() if name != "secret"}
    hook = document.pop("hook", {})
    if "token" in hook:
        where["hook.token"] = hook["token"]
    where |= {f"hook.secrets[{number}]": each for number, each in enumerate(hook.get("secrets", ()))}
    references = {
        name: Reference(what=f"{item.ref}: {name}", where=each, folder=folder) for name, each in where.items()
    }
    return replace(item, document=document, secrets=dict.fromkeys(where, "")), references
