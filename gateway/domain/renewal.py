"""What people do to agreements, as changes of their documents (R25): sign, end, amend, renew, copy, make from a template. Whether the
result fits together is judged as with any other configuration; here only what no document can tell afterwards."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gateway.domain.agreement_versions import DAY, FIXED, LIFE, day_of, on, runs_until, versions
from gateway.errors import Refused

Document = Mapping[str, Any]

_OWN = frozenset(
    {"code", "organization", "consumer", "kind", "link", "sites", "groups", "valid_from", "valid_until"}
)
"""Whose agreement it is, and for where and when: a template says nothing about it."""


def activated(document: Document) -> dict[str, Any]:
    """Signed. Raises Refused for what is no draft."""
    if not document.get("draft"):
        raise Refused(
            f"{document['code']} is no draft",
            why="its days decide what state it is in",
            cure="interdesk agreements show tells them",
        )
    return {name: value for name, value in document.items() if name != "draft"}


def terminated(document: Document, last: date) -> dict[str, Any]:
    """Ended early, after that day. Raises Refused for a draft, and for a day outside of its terms."""
    if document.get("draft"):
        raise Refused(f"{document['code']} was never signed", cure="take it out of the configuration")
    begins, end = day_of(document.get("valid_from")), runs_until(document, last)
    goes_on = document.get("after_end") == "in_renewal"
    if begins is not None and last < begins:
        raise Refused(f"{document['code']} begins on {begins}", cure=f"end it on {begins} or later")
    if end is not None and last > end and not goes_on:
        raise Refused(
            f"{document['code']} ends on {end} anyway",
            why=f"{last} is after that",
            cure="name an earlier day",
        )
    return {**document, "terminated_on": last.isoformat()}


def amended(document: Document, begins: date, values: Mapping[str, Any]) -> dict[str, Any]:
    """Other terms from a day on; `values` are whole parts (`targets`, `calendar` …). The same again changes nothing. Raises
    Refused for parts that belong to the whole agreement, and where nothing would be different."""
    fixed = sorted(set(values) & set(FIXED))
    if fixed:
        raise Refused(
            f"{', '.join(fixed)} cannot be amended",
            why="it is the same for all versions of an agreement",
            cure="change the agreement in its file, or make another one",
        )
    stands = on(document, begins).terms
    change = {name: value for name, value in values.items() if stands.get(name) != value}
    if not change:
        raise Refused(f"{document['code']} says so already on {begins}", cure="nothing is to be done")
    return _with(document, begins, change)


def _with(document: Document, begins: date, change: Mapping[str, Any]) -> dict[str, Any]:
    """The document with one more amendment; one from the same day on is completed."""
    others, same = [], {}
    for one in document.get("amendments", ()):
        if one["from"] == begins.isoformat():
            same = one["change"]
        else:
            others.append(one)
    made = {"from": begins.isoformat(), "change": {**same, **change}}
    return {**document, "amendments": sorted([*others, made], key=lambda one: str(one["from"]))}


@dataclass(frozen=True, kw_only=True)
class Term:
    """The days of one term, both included. `until` None: until further notice."""

    begins: date
    until: date | None


def renewed(document: Document, term: Term, template: Document | None = None) -> dict[str, Any]:
    """One more term, under the terms that stand or those of a template. The same renewal again changes nothing; one that
    begins before the last term ends is refused."""
    if document.get("draft") or document.get("terminated_on"):
        state = "was never signed" if document.get("draft") else f"was ended on {document['terminated_on']}"
        raise Refused(f"{document['code']} {state}", cure="interdesk agreements copy makes another one")
    if term.until is None or term.until < term.begins:
        told = f"it would end on {term.until}, before it begins" if term.until else "it needs an end"
        raise Refused(
            f"the renewal of {document['code']} has no days", why=told, cure="give --from before --until"
        )
    same = _amendment(document, term.begins)
    before = _without(document, term.begins) if same is not None else document
    end = day_of(versions(before)[-1].terms.get("valid_until"))
    if end is None or end >= term.begins:
        _refuse_early(before, end, term)
    wanted = {"valid_until": term.until.isoformat(), **_differences(before, term.begins, template)}
    return dict(document) if same == wanted else _with(before, term.begins, wanted)


def _refuse_early(document: Document, end: date | None, term: Term) -> None:
    if end is None:
        raise Refused(
            f"{document['code']} has no end",
            why="there is nothing to renew",
            cure="interdesk agreements amend changes its terms from a day on",
        )
    raise Refused(
        f"the renewal from {term.begins} begins before the last term of {document['code']} ends on {end}",
        why="two terms would hold on the same days",
        cure=f"begin on {end + DAY}; terms that change in mid-term are an amendment",
    )


def _amendment(document: Document, begins: date) -> Mapping[str, Any] | None:
    every = document.get("amendments", ())
    return next((one["change"] for one in every if one["from"] == begins.isoformat()), None)


def _without(document: Document, begins: date) -> dict[str, Any]:
    kept = [one for one in document.get("amendments", ()) if one["from"] != begins.isoformat()]
    return {**document, "amendments": kept}


def _differences(document: Document, begins: date, template: Document | None) -> dict[str, Any]:
    """What a template says otherwise than what stands."""
    stands = on(document, begins).terms
    return {name: value for name, value in _terms(template or {}) if stands.get(name) != value}


def _terms(pattern: Document) -> Iterable[tuple[str, Any]]:
    return ((name, value) for name, value in pattern.items() if name not in _OWN and name not in LIFE)


@dataclass(frozen=True, kw_only=True)
class Party:
    """For whom an agreement is made, and what it is called."""

    code: str
    consumer: str
    sites: tuple[str, ...] = ()
    draft: bool = False


def made_from(pattern: Document, party: Party, term: Term, *, day: date) -> dict[str, Any]:
    """A new agreement like a template, or like another agreement as it stands on a day."""
    stands = pattern if pattern.get("template") else {**pattern, **on(pattern, day).terms}
    life = {name: pattern[name] for name in ("after_end", "remind_before", "supported_by") if name in pattern}
    made: dict[str, Any] = {
        "organization": pattern["organization"],
        "code": party.code,
        "consumer": party.consumer,
        "kind": pattern["kind"],
        "based_on": pattern["code"],
        **dict(_terms(stands)),
        **life,
        "valid_from": term.begins.isoformat(),
    }
    if term.until is not None:
        made["valid_until"] = term.until.isoformat()
    if party.sites:
        made["sites"] = list(party.sites)
    return {**made, "draft": True} if party.draft else made
