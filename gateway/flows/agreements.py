"""What people do to agreements by command (R25): each is a change of documents, judged and made as `apply` makes it, whole or not
at all; and for many customers at once, row by row, with every problem told before anything is done."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from gateway import schemas
from gateway.domain import lifecycle, renewal
from gateway.domain.agreement_documents import calendar_codes
from gateway.domain.agreement_problems import life_problems
from gateway.domain.agreement_versions import on, versions
from gateway.domain.agreements import Agreement
from gateway.domain.plan import Item, Kind, Plan, Ref
from gateway.domain.problem import suggestion
from gateway.domain.renewal import Party, Term
from gateway.errors import InterdeskError, Invalid, NotFound, Refused
from gateway.flows import apply as applying
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.installation import csv_text
from gateway.installation.csv_text import Table
from gateway.installation.reading import Installation
from gateway.store import agreement_life, directory
from gateway.vault import Vault

Document = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Known:
    """An agreement, template or draft as it is configured. `zone`: of its provider."""

    id: str
    org_id: str
    document: Document
    zone: str = "UTC"

    @property
    def code(self) -> str:
        """Its code."""
        return str(self.document["code"])

    @property
    def name(self) -> str:
        """Its code with that of its provider."""
        return f"{self.document['organization']}/{self.code}"

    def today(self, now: datetime) -> date:
        """The day where its provider is."""
        return lifecycle.today(now, self.zone)


def known(context: Context) -> list[Known]:
    """Everything configured, by provider and code."""
    with context.database.read() as db:
        documents = agreement_life.documents(db, OPERATOR)
        owners = {one.code: one.id for one in context.directory(db).organizations.values()}
    return [
        Known(
            id=name,
            org_id=owners[told["organization"]],
            document={key: value for key, value in told.items() if key != "zone"},
            zone=str(told["zone"]),
        )
        for name, told in documents.items()
    ]


def find(context: Context, name: str) -> Known:
    """The one called `CODE`, or `ORGANIZATION/CODE` where several have that code. Raises NotFound and Invalid."""
    return _pick(known(context), name)


def _pick(every: Sequence[Known], name: str) -> Known:
    found = [one for one in every if name in (one.code, one.name)]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(one.name for one in found)
        raise Invalid(f"{name!r} may be one of {len(found)} agreements", cure=f"name one of {names}")
    near = suggestion(name, [one.code for one in every])
    raise NotFound(f"there is no agreement {name}", cure=f"{near}; interdesk apply adds agreements")


# -- one at a time ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Change:
    """Documents as they are to be, by reference; and what applying them does, once it is planned or done."""

    documents: Mapping[Ref, Document]
    plan: Plan


def carry_out(
    context: Context, vault: Vault, documents: Iterable[Document], order: Order, *, dry: bool
) -> Change:
    """Make these the documents of their agreements, all or none; with `dry` only say what that would change."""
    if not dry and not order.reason:
        raise Refused(
            "changing an agreement needs its reason", why="the other side will ask", cure="add --reason"
        )
    wanted = {ref_of(told): told for told in documents}
    for ref, told in wanted.items():
        _check(ref, told)
    items = {ref: Item(ref=ref, document=told, source=str(ref)) for ref, told in wanted.items()}
    installation, terms = Installation(items=items), Terms(vault=vault, reason=order.reason)
    if dry:
        done = applying.plan(context, installation, replace(terms, year=order.now.year))
    else:
        done = applying.apply(context, installation, terms, actor=order.actor, now=order.now)
    return Change(documents=wanted, plan=done)


def ref_of(document: Document) -> Ref:
    """What configuration calls it."""
    return Ref(kind=Kind.AGREEMENT, code=document["code"], organization=document["organization"])


def _check(ref: Ref, document: Document) -> None:
    try:
        schemas.check("agreement", dict(document))
    except Invalid as error:
        raise Invalid(f"{ref} would not be right", problems=error.problems) from error


def as_it_would_be(context: Context, one: Known, changed: Document, day: date) -> Agreement | None:
    """The version of that day under another document; None while it binds nobody, or counts in a calendar that is not there
    yet."""
    with context.database.read() as db:
        there = {told["code"] for told in directory.calendars(db, OPERATOR) if told["org_id"] == one.org_id}
        if any(not there.issuperset(calendar_codes(version.terms)) for version in versions(changed)):
            return None
        told = {**changed, "id": one.id, "org_id": one.org_id}
        found = directory.read_as(db, OPERATOR, [told])
    number = on(changed, day).number
    return next((version for version in found if version.version == number), None)


# -- many at once -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a list: whose agreement, from when until when; `code` where it is not called after customer and template.
    `place` names the line."""

    place: str
    customer: str
    term: Term | None = None
    code: str = ""
    sites: tuple[str, ...] = ()
    problem: str = ""


LIST = Table(texts=("customer", "from", "until", "code"), lists=("sites",))


def rows_from(text: bytes, *, source: str, days: tuple[str, str]) -> list[Row]:
    """The lines of a CSV list; `days` are from and until of those that name none. What is wrong with a line stands in it.
    Raises Invalid for what is no such table."""
    return [_row(place, cells, days) for place, cells in csv_text.rows(text, LIST, source=source)]


def _row(place: str, cells: Mapping[str, Any], days: tuple[str, str]) -> Row:
    row = Row(
        place=place,
        customer=cells.get("customer", ""),
        code=cells.get("code", ""),
        sites=tuple(cells.get("sites", ())),
    )
    begins, until = cells.get("from", days[0]), cells.get("until", days[1])
    if not row.customer or not begins:
        lacking = "customer" if not row.customer else "from"
        return replace(row, problem=f"its {lacking} is missing; fill it in, or give --from for all")
    try:
        term = Term(begins=date.fromisoformat(begins), until=date.fromisoformat(until) if until else None)
    except ValueError:
        return replace(row, problem=f"{begins!r} to {until!r} are no days; write 2026-07-01")
    return replace(row, term=term)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What becomes of one row: `made`, `renewed` or `unchanged`; or `problem` says why nothing can."""

    row: Row
    agreement: str
    what: str = ""
    document: Document | None = None
    problem: str = ""


def from_template(context: Context, template: str, rows: Sequence[Row], *, draft: bool = False) -> list[Line]:
    """What becomes of each row: the customer's agreement that was made from the template is renewed under the template's
    terms as they stand now; who has none gets one. Nothing is done yet. Raises as `find`; Refused for what is no
    template."""
    every = known(context)
    pattern = _pick(every, template)
    if not pattern.document.get("template"):
        raise Refused(
            f"{template} is no template",
            why="it is somebody's agreement",
            cure="give it `template: true`, or copy it for one customer",
        )
    with context.database.read() as db:
        customers = {one.code for one in context.directory(db).organizations.values()}
    seen: dict[str, str] = {}
    return [_line(row, pattern, (every, customers, seen), draft=draft) for row in rows]


def _line(
    row: Row, pattern: Known, world: tuple[Sequence[Known], set[str], dict[str, str]], *, draft: bool
) -> Line:
    every, customers, seen = world
    try:
        mine = _agreement_of(row, pattern, every)
    except Invalid as error:
        return Line(row=row, agreement="", problem=str(error))
    code = mine.code if mine is not None else row.code or f"{row.customer}-{pattern.code}"
    line = Line(row=row, agreement=code, problem=row.problem)
    if row.problem:
        return line
    if row.customer not in customers:
        near = suggestion(row.customer, customers)
        return replace(line, problem=f"there is no organization {row.customer!r}; {near}")
    if code in seen:
        return replace(line, problem=f"{seen[code]} names {code} too; keep one of them")
    seen[code] = row.place
    try:
        return _foreseen(line, pattern, mine, draft=draft)
    except InterdeskError as error:
        return replace(line, problem="; ".join([str(error), *getattr(error, "problems", ())]))


def _agreement_of(row: Row, pattern: Known, every: Sequence[Known]) -> Known | None:
    """The customer's agreement: by its code, else the one that was made from the template."""
    mine = [one for one in every if one.document["organization"] == pattern.document["organization"]]
    if row.code:
        return next((one for one in mine if one.code == row.code), None)
    based = [
        one
        for one in mine
        if one.document.get("based_on") == pattern.code and one.document.get("consumer") == row.customer
    ]
    if len(based) > 1:
        names = ", ".join(one.code for one in based)
        raise Invalid(
            f"{row.customer} has several agreements from {pattern.code}",
            cure=f"name one in a column `code`: {names}",
        )
    return based[0] if based else None


def _foreseen(line: Line, pattern: Known, mine: Known | None, *, draft: bool) -> Line:
    row, term = line.row, line.row.term
    if term is None:
        return line
    if mine is None:
        party = Party(code=line.agreement, consumer=row.customer, sites=row.sites, draft=draft)
        if term.until is not None and term.until < term.begins:
            raise Refused(f"it would end on {term.until}, before it begins on {term.begins}")
        made = renewal.made_from(pattern.document, party, term, day=term.begins)
        return _checked(replace(line, what="made", document=made))
    if mine.document.get("consumer") != row.customer:
        raise Refused(f"{mine.code} is an agreement of {mine.document.get('consumer')}", cure="mend the row")
    begins, until = term.begins.isoformat(), term.until.isoformat() if term.until else None
    same = (mine.document.get("valid_from"), mine.document.get("valid_until")) == (begins, until)
    after = mine.document if same else renewal.renewed(mine.document, term, pattern.document)
    what = "unchanged" if after == mine.document else "renewed"
    return _checked(replace(line, what=what, document=after))


def _checked(line: Line) -> Line:
    """Raises Invalid for what would not be right by itself."""
    document = line.document or {}
    ref = ref_of(document)
    _check(ref, document)
    problems = [problem.what for problem in life_problems(Item(ref=ref, document=document, source=str(ref)))]
    if problems:
        raise Invalid(f"{ref} would not be right", problems=tuple(problems))
    return line


def apply_lines(context: Context, vault: Vault, lines: Sequence[Line], order: Order, *, dry: bool) -> Change:
    """Do what the lines say, all or none. Raises Invalid with the problems of all of them."""
    problems = tuple(f"{line.row.place}: {line.problem}" for line in lines if line.problem)
    if problems:
        raise Invalid(
            f"{len(problems)} of {len(lines)} rows cannot be done; nothing was changed", problems=problems
        )
    documents = [line.document for line in lines if line.document is not None and line.what != "unchanged"]
    return carry_out(context, vault, documents, order, dry=dry)


def history(context: Context, name: str) -> list[agreement_life.Happened]:
    """What happened to an agreement, the earliest first; also to one that is no more. Raises NotFound and Invalid."""
    owner, _, code = name.rpartition("/")
    with context.database.read() as db:
        organizations = context.directory(db).organizations.values()
        owners = [one.id for one in organizations if owner in ("", one.code)]
        found = agreement_life.history(db, OPERATOR, owners, code)
    if len({one.org_id for one in found}) > 1 or not found:
        mine = find(context, name)
        found = [one for one in found if one.org_id == mine.org_id]
    return found
