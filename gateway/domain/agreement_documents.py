"""From documents (their schema already checked) to agreements, and to the sheets that tickets are bound to. No rule lives
here, only shapes."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from gateway.domain.agreements import Agreement
from gateway.domain.calendar_documents import access_calendar, at_site, calendar_from, of_site, seconds_of
from gateway.domain.documents import length
from gateway.domain.model import Priority, Site
from gateway.domain.objective_documents import credits_from, objective_from
from gateway.domain.sla.terms import AgreementKind, EndsOn, StartsOn, StopRule, TargetKind, Terms
from gateway.domain.warnings import DEFAULT, mark_from
from gateway.domain.worktime import Amount, Calendar, DayTarget, DueAt

Document = Mapping[str, Any]


def sheet_of(document: Document, calendars: Mapping[str, Document]) -> tuple[str, dict[str, Any]]:
    """(name, sheet): an agreement's document, with its ids beside it, and those of `calendars` (by code) that it names. The
    name is a digest: equal terms are one sheet. The document is that of one version (domain/agreement_versions)."""
    named = {code: calendars[code] for code in sorted(set(calendar_codes(document)))}
    return _named({"agreement": dict(document), "calendars": named})


def _named(sheet: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    text = json.dumps(sheet, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return f"sht_{hashlib.sha256(text.encode()).hexdigest()[:32]}", sheet


def depends_on_site(sheet: Document) -> bool:
    """Whether what a sheet promises differs from site to site: by a calendar, or by a target within the hours of access."""
    return any(map(of_site, sheet["calendars"].values())) or narrows(sheet["agreement"])


def narrows(document: Document) -> bool:
    """Whether a target of an agreement counts only while the site can be entered."""
    return any(target.get("access_hours") for target in document["targets"].values())


def sheet_at(sheet: Document, site: Site | None, *, zone: str) -> tuple[str, dict[str, Any]]:
    """(name, sheet) with every calendar as it is at a site, so that a clock bound to it can always be read; `zone` is for a
    ticket that names no site, or a site without one."""
    calendars = {code: at_site(told, site, zone=zone) for code, told in sheet["calendars"].items()}
    told: dict[str, Any] = {"agreement": dict(sheet["agreement"]), "calendars": calendars}
    if site is not None and site.hours and narrows(sheet["agreement"]):
        told["access"] = {"hours": site.hours, "zone": site.zone or zone}
    return _named(told)


def calendar_codes(document: Document) -> Iterator[str]:
    """The calendars an agreement's document names."""
    yield document["calendar"]
    yield from (target["calendar"] for target in document["targets"].values() if "calendar" in target)
    if "reserve_calendar" in document:
        yield document["reserve_calendar"]


def agreement_of(sheet: Document) -> Agreement:
    """The agreement that a sheet holds."""
    calendars = {code: calendar_from(told) for code, told in sheet["calendars"].items()}
    access = sheet.get("access")
    within = access_calendar(access["hours"], zone=access["zone"]) if access else None
    found = agreement_from(sheet["agreement"], calendars, within=within)
    return replace(found, template=sheet if depends_on_site(sheet) else None)


def agreement_from(
    document: Document, calendars: Mapping[str, Calendar], *, within: Calendar | None = None
) -> Agreement:
    """An agreement's document with `id`, `provider` and `consumer` (ids) and `link_id` beside it; `calendars` by code;
    `within`: when its site can be entered. Raises KeyError for a calendar that is not there."""
    objectives = tuple(map(objective_from, document.get("objectives", ())))
    return Agreement(
        id=document["id"],
        code=document["code"],
        terms=_terms(document, calendars, within),
        sheet=document.get("sheet", ""),
        link_id=document.get("link_id", ""),
        services=frozenset(document.get("services", ())),
        sites=frozenset(document.get("sites", ())),
        groups=frozenset(document.get("groups", ())),
        valid_from=_day(document.get("valid_from")),
        valid_until=_day(document.get("valid_until")),
        warnings=tuple(map(mark_from, document["warnings"])) if "warnings" in document else DEFAULT,
        objectives=objectives,
        credits=credits_from(document["credits"], objectives) if "credits" in document else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _terms(document: Document, calendars: Mapping[str, Calendar], within: Calendar | None) -> Terms:
    lengths: dict[str, Any] = {name: length(document[name]) for name in _LENGTHS if name in document}
    targets = {TargetKind(kind): told for kind, told in document["targets"].items()}
    reserve_calendar = document.get("reserve_calendar")
    return Terms(
        id=document["code"],
        hop="",
        kind=AgreementKind(document["kind"]),
        provider=document["provider"],
        consumer=document["consumer"],
        calendar=calendars[document["calendar"]],
        calendars={
            kind: _calendar(told, document, calendars, within)
            for kind, told in targets.items()
            if "calendar" in told or told.get("access_hours")
        },
        targets={kind: _amounts(told) for kind, told in targets.items()},
        starts_on=StartsOn(document.get("starts_on", StartsOn.HANDED_OVER)),
        ends_on={kind: EndsOn(told["ends_on"]) for kind, told in targets.items() if "ends_on" in told},
        stops={code: _stop_rule(told) for code, told in document.get("stops", {}).items()},
        parts_supplier=document.get("parts_supplier", ""),
        reserve={priority: length(text) for priority, text in document.get("reserve", {}).items()},
        reserve_calendar=calendars[reserve_calendar] if reserve_calendar else None,
        from_change=document.get("after_priority_change", "original_start") == "change",
        continuous=document.get("after_rejection", "resume") == "continuous",
        reopen_resumes=document.get("after_reopening", "new_cycle") == "resume",
        updates_wait=bool(document.get("updates_wait")),
        **lengths,
    )


_LENGTHS = (
    *("review_period", "grace", "visit_grace", "stated_tolerance", "outage_tolerance"),
    *("confirmation", "dispute_period"),
)


def _calendar(
    target: Document, document: Document, calendars: Mapping[str, Calendar], within: Calendar | None
) -> Calendar:
    """The calendar of a target, narrowed to when its site can be entered where the agreement says so (R13)."""
    own = calendars[target.get("calendar", document["calendar"])]
    return replace(own, within=within) if target.get("access_hours") else own


def _amounts(told: Document) -> dict[str, Amount]:
    return {priority.value: _amount(told[priority]) for priority in Priority if priority in told}


def _amount(told: Document | str) -> Amount:
    """`4h`, or business days: `{business_days: 2, due: same_time, cut_off: "15:00"}` (R8)."""
    if isinstance(told, str):
        return length(told)
    cut_off = told.get("cut_off")
    return DayTarget(
        days=int(told["business_days"]),
        due=DueAt(told.get("due", DueAt.CLOSE)),
        cut_off=seconds_of(cut_off) if cut_off else None,
    )


def _stop_rule(told: Document | str) -> StopRule:
    if isinstance(told, str):
        return StopRule(automatic=told == "automatic")
    longest = told.get("longest")
    return StopRule(
        automatic=told.get("decided", "by_consumer") == "automatic",
        refines=told.get("refines", ""),
        evidence=frozenset(told.get("evidence", ())),
        longest=length(longest) if longest else None,
        expected_end=bool(told.get("expected_end")),
    )
