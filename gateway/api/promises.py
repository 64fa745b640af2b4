"""`/v1/agreements` and `/v1/reports`: what was promised, and what was published of how it was kept. An agreement is its provider's
row, and its consumer reads it too: it is asked for by its two parties, not by its owner."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import Response

from gateway.api import problems
from gateway.api.deps import AnyHouse, AnyScope
from gateway.api.described import tells, tells_page
from gateway.api.door import Door
from gateway.api.house import House
from gateway.api.listing import AnyAsked, Fields, cursor, document, sparse
from gateway.client.shapes import Agreement, Report, ReportInShort
from gateway.domain.reports.publication import Publication
from gateway.errors import NotFound
from gateway.store import catalogue, publications
from gateway.store.catalogue import Page, View
from gateway.store.db import Db
from gateway.store.publications import Listed
from gateway.store.scope import Scope

router = APIRouter(prefix="/v1", route_class=Door)
_HEAD = ("consumer", "kind", "valid_from", "valid_until")
_PROVIDERS = frozenset({"id", "code", "organization", "based_on", "template", "draft", "remind_before"})
_LIGHT = ("id", "version", "title", "made_at", "made_by", "reason", "sha256", "previous", "seal")
_LINE = ("kind", "subject", "period", "view")


def _bound(here: House, db: Db, scope: Scope) -> set[str]:
    """The agreements that promise something to the caller; drafts and templates promise nothing."""
    known = here.context.directory(db)
    if scope.org_ids is None:
        return set()
    return {one.id for one in known.agreements if one.terms.consumer in scope.org_ids}


def _agreement(one: View) -> dict[str, Any]:
    head = {name: one.get(name) for name in _HEAD}
    kept = {"draft": bool(one.get("draft")), "template": bool(one.get("template"))}
    names = {name: one[name] for name in ("id", "code", "organization")}
    return {
        **names,
        **head,
        **kept,
        "terms": {name: told for name, told in one.items() if name not in _PROVIDERS},
    }


@router.get("/agreements", **tells_page("agreements", Agreement))
def agreements(
    here: AnyHouse,
    scope: AnyScope,
    asked: AnyAsked,
    consumer: Annotated[str | None, Query(max_length=63, description="The code of an organization.")] = None,
) -> Response:
    """What the caller provides, and what it was promised, by code."""
    after = asked.after("agreements", 2)
    page = Page(
        limit=asked.limit,
        after=None if after is None else (after[0], after[1]),
        wanted=lambda one: consumer is None or one.get("consumer") == consumer,
    )
    with here.context.database.read() as db:
        found = catalogue.agreements(db, scope, _bound(here, db, scope), page)
    return asked.page("agreements", [_agreement(one) for one in found], ("code", "id"), Agreement)


@router.get("/agreements/{agreement_id}", **tells(Agreement))
def agreement(here: AnyHouse, scope: AnyScope, agreement_id: str, fields: Fields = "") -> Response:
    """One agreement."""
    with here.context.database.read() as db:
        found = catalogue.agreement(db, scope, _bound(here, db, scope), agreement_id)
    if found is None:
        raise NotFound("there is no such agreement")
    return document(sparse(_agreement(found), fields, Agreement))


def _short(one: Listed | Publication) -> dict[str, Any]:
    told = {name: getattr(one, name, "") for name in _LIGHT}
    return {**told, **{name: getattr(one.line, name) for name in _LINE}}


@router.get("/reports", **tells_page("reports", ReportInShort))
def reports(
    here: AnyHouse,
    scope: AnyScope,
    asked: AnyAsked,
    subject: Annotated[
        str, Query(max_length=100, description="The code of a customer, partner or link.")
    ] = "",
) -> Response:
    """Published reports that the caller may read, every version, the newest first."""
    after = asked.after("reports", 2)
    with here.context.database.read(scope) as db:
        found = publications.listed(
            db, scope, subject=subject, limit=asked.limit, before=None if after is None else _place(after)
        )
    onward = None
    if len(found) == asked.limit:
        onward = cursor("reports", found[-1].made_at.isoformat(), found[-1].id)
    return asked.answer("reports", [_short(one) for one in found], onward, ReportInShort)


def _place(after: tuple[str, ...]) -> tuple[datetime, str]:
    try:
        made_at = datetime.fromisoformat(after[0])
        return made_at.astimezone(made_at.tzinfo), after[1]
    except (ValueError, OverflowError) as error:
        raise problems.not_valid("cursor: it is none that this list gave") from error


@router.get("/reports/{report_id}", **tells(Report))
def report(here: AnyHouse, scope: AnyScope, report_id: str, fields: Fields = "") -> Response:
    """One version whole, as it was published."""
    with here.context.database.read(scope) as db:
        found = publications.get(db, scope, report_id)
    if found is None:
        raise NotFound("there is no such report")
    told = {**_short(found), "title": str(found.document.get("title", "")), "document": dict(found.document)}
    return document(sparse(told, fields, Report))
