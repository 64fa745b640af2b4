"""Reports are frozen (R33): published as the next version of their line, laid beside the one before, read again as they were."""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from gateway import export
from gateway.domain.letters import Enclosure
from gateway.domain.problem import suggestion
from gateway.domain.reports import compliance
from gateway.domain.reports.difference import Difference, as_report, difference
from gateway.domain.reports.document import Report
from gateway.domain.reports.publication import Line, Publication, broken, evidence_of, sealed
from gateway.domain.reports.views import View
from gateway.errors import Invalid, NotFound, Refused
from gateway.export import Format, Manner, documents
from gateway.flows import reporting
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.webhooks import facts
from gateway.store import audit, publications
from gateway.store.db import Db
from gateway.store.publications import Listed
from gateway.store.scope import OPERATOR_ID, Scope

COMPLIANCE = "compliance"
_OF_THE_MOMENT = frozenset({"as of", "data as of"})
"""Parameters that are others every time; they alone make no new version."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A report that may be published: its line, who may read it (an organization's id), and the outcomes it counts."""

    line: Line
    org_id: str
    report: Report
    evidence: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Published:
    """What became of a draft. `is_new` is false where it says what the last version says; `difference` is that from the version
    before, None for a first."""

    publication: Publication
    report: Report
    is_new: bool
    difference: Difference | None = None


def draft(context: Context, wanted: reporting.Wanted, *, now: datetime) -> Draft:
    """The compliance report of a customer or partner as it would be published. Raises what `reporting.compose` raises, and
    Refused for one that asks what would have been."""
    if wanted.as_of is not None or wanted.under:
        raise Refused(
            "what would have been is not published",
            why="--as-of and --under ask about other figures than those that count",
            cure="publish without them, or keep the answer by --out",
        )
    basis = reporting.gathered(context, wanted, now=now)
    partner = wanted.view is View.PARTNER
    view = f"partner:{wanted.partner}" if partner else wanted.view.value
    return Draft(
        line=Line(kind=COMPLIANCE, subject=wanted.customer, period=basis.period.name, view=view),
        org_id=basis.viewer.org or OPERATOR_ID,
        report=compliance.report(basis),
        evidence=evidence_of(basis.outcomes),
    )


def publish(context: Context, made: Draft, order: Order) -> Published:
    """Keep it as the next version of its line, unless it says what the last one says."""
    with context.database.write() as db:
        return published(context, db, made, order)


def published(context: Context, db: Db, made: Draft, order: Order) -> Published:
    """The same within a transaction that is under way."""
    last = publications.version(db, OPERATOR, made.line)
    number = 1 if last is None else last.version + 1
    report, found = replace(made.report, version=number), None
    if last is not None:
        old = documents.report_from(last.document)
        found = difference(old, report, last.evidence, made.evidence)
        if not _matters(found):
            return Published(publication=last, report=old, is_new=False)
    kept = _sealed(context, replace(made, report=report), order, last)
    publications.append(db, kept)
    _audit(db, kept, last, order)
    facts.tell(context, db, [kept.org_id], ("report.published", kept.id, _told(kept)), now=order.now)
    return Published(publication=kept, report=report, is_new=True, difference=found)


def _told(kept: Publication) -> dict[str, Any]:
    """What a webhook is told: which report, and its seal; never its figures."""
    return {"report": kept.id, **vars(kept.line), "version": kept.version, "seal": kept.seal}


def _matters(found: Difference) -> bool:
    others = tuple(one for one in found.parameters if one[0] not in _OF_THE_MOMENT)
    return not replace(found, parameters=others).is_empty


def _sealed(context: Context, made: Draft, order: Order, last: Publication | None) -> Publication:
    sha256, previous = documents.digest(made.report), last.seal if last is not None else ""
    return Publication(
        id=context.new_id("pub"),
        org_id=made.org_id,
        line=made.line,
        version=made.report.version,
        made_at=order.now,
        made_by=order.actor,
        reason=order.reason,
        document=documents.document(made.report),
        evidence=made.evidence,
        sha256=sha256,
        previous=previous,
        seal=sealed(made.line, made.report.version, sha256, previous),
    )


def _audit(db: Db, kept: Publication, last: Publication | None, order: Order) -> None:
    audit.record(
        db,
        now=order.now,
        org_id=kept.org_id,
        actor=order.actor,
        action="report published",
        subject=kept.id,
        before=None if last is None else {"version": last.version, "seal": last.seal},
        after={
            **vars(kept.line),
            "version": kept.version,
            "sha256": kept.sha256,
            "seal": kept.seal,
            "reason": kept.reason,
        },
    )


# -- reading ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A published report as it was, and the last version of its line."""

    publication: Publication
    report: Report
    newest: Listed


def read(context: Context, name: str, org_id: str | None) -> Shown:
    """By its id, for an organization or (None) the operator. Raises NotFound."""
    scope = OPERATOR if org_id is None else Scope.of(org_id)
    with context.database.read(scope) as db:
        found = publications.get(db, scope, name)
        if found is None:
            raise NotFound(
                f"there is no published report {name}", cure="interdesk report versions lists them"
            )
        newest = publications.versions(db, scope, found.line)[-1]
    return Shown(publication=found, report=documents.report_from(found.document), newest=newest)


def listed(context: Context, customer: str = "", *, limit: int = 50) -> list[Listed]:
    """Versions, the newest first; of one customer if it is named. Raises NotFound for one that is not known."""
    with context.database.read() as db:
        known = {one.code for one in context.directory(db).organizations.values()}
        if customer and customer not in known:
            raise NotFound(f"there is no customer {customer!r}", cure=suggestion(customer, known))
        return publications.listed(db, OPERATOR, subject=customer, limit=limit)


def altered(context: Context, lines: Sequence[Line]) -> set[tuple[Line, int]]:
    """Which versions of these lines do not carry the seal or say what they said when they were sealed."""
    found = set[tuple[Line, int]]()
    with context.database.read() as db:
        for line in dict.fromkeys(lines):
            numbers = [one.version for one in publications.versions(db, OPERATOR, line)]
            every = [publications.version(db, OPERATOR, line, number) for number in numbers]
            whole = [one for one in every if one is not None]
            found |= {(line, number) for number in broken(whole)}
            found |= {(line, one.version) for one in whole if _digest(one) != one.sha256}
    return found


def _digest(one: Publication) -> str:
    try:
        return documents.digest(documents.report_from(one.document))
    except (KeyError, ValueError, TypeError):
        return ""


def compared(context: Context, old: str, new: str, *, now: datetime) -> tuple[Difference, Report]:
    """The difference between two versions by their ids, and the report that tells it. Raises NotFound, Invalid for two that are
    not versions of one report."""
    before, after = read(context, old, None), read(context, new, None)
    if before.publication.line != after.publication.line:
        raise Invalid(
            f"{old} and {new} are versions of different reports",
            cure="interdesk report versions shows which belong together",
        )
    told = (before.publication.evidence, after.publication.evidence)
    found = difference(before.report, after.report, *told)
    return found, as_report(found, before.report, after.report, now=now)


def previous(context: Context, name: str) -> str:
    """The id of the version before. Raises NotFound, Refused for a first."""
    one = read(context, name, None).publication
    with context.database.read() as db:
        before = publications.version(db, OPERATOR, one.line, one.version - 1)
    if before is None:
        raise Refused(f"{name} is version {one.version}, the first of its report", cure="name two versions")
    return before.id


def enclosed(context: Context, wanted: str) -> Enclosure:
    """The file that a letter encloses, from `pub_…:pdf`; one that is too long for paper goes as sheets. Raises NotFound,
    Unsupported."""
    name, _, rest = wanted.partition(":")
    form, _, language = rest.partition(":")
    shown, kind = read(context, name, None), export.format_from(form)
    manner = Manner(language=language or "en", made_by=shown.publication.made_by)
    try:
        content = _written(shown.report, kind, manner)
    except Refused:
        kind = Format.XLSX
        content = _written(shown.report, kind, manner)
    return Enclosure(name=file_name(shown.publication, kind), media_type=kind.media_type, content=content)


def _written(report: Report, kind: Format, manner: Manner) -> bytes:
    stream = io.BytesIO()
    export.write(report, kind, stream, manner)
    return stream.getvalue()


def file_name(one: Publication, kind: Format) -> str:
    """`compliance-north-2026-10-v2.pdf`: plain signs only."""
    line = one.line
    parts = (line.kind, line.subject, line.period, f"v{one.version}")
    ending = "zip" if kind is Format.CSV else kind.value
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(parts)) + f".{ending}"
