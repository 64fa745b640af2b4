"""An agreement through the years (R25): its document tells the first version and every amendment with the day from which it
holds. Versions and their days are worked out here; who changes them is `renewal`, what state that makes `lifecycle`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from gateway.domain.agreements import Agreement

Document = Mapping[str, Any]

LIFE = (
    *("draft", "template", "based_on", "after_end", "remind_before", "terminated_on"),
    *("amendments", "supports", "supported_by"),
)
"""What a document says about the agreement itself, and not about what is promised: no part of its terms."""
FIXED = ("code", "organization", "consumer", "kind", "link", "valid_from", *LIFE)
"""What no amendment changes: it would be another agreement, or is changed for the whole of it."""
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Version:
    """What is promised from `begins` (None: since ever) up to and including `ends` (None: until further notice), with the
    first version as number 1. `last`: the last day before the next version or a termination; after `ends` and up to it
    the agreement may go on in renewal."""

    number: int
    begins: date | None
    ends: date | None
    last: date | None
    terms: Document

    def is_valid(self, day: date) -> bool:
        """Whether it is in force on that day, by its own days."""
        return (self.begins is None or self.begins <= day) and (self.ends is None or day <= self.ends)


def is_binding(document: Document) -> bool:
    """Whether it promises anything: a draft and a template do not."""
    return not document.get("draft") and not document.get("template")


def versions(document: Document) -> list[Version]:
    """The versions of an agreement, the earliest first; amendments that replace each other on one day are taken in their
    order, of which only the last one counts."""
    stages = _stages(document)
    terminated = day_of(document.get("terminated_on"))
    found = []
    for place, (begins, terms) in enumerate(stages):
        following = stages[place + 1][0] if place + 1 < len(stages) else None
        last = _earliest(following - DAY if following is not None else None, terminated)
        ends = _earliest(day_of(terms.get("valid_until")), last)
        found.append(Version(number=place + 1, begins=begins, ends=ends, last=last, terms=terms))
    return found


def _stages(document: Document) -> list[tuple[date | None, dict[str, Any]]]:
    """(first day, terms) of each version; terms are what stood before with what the amendment says in its place."""
    terms = {name: value for name, value in document.items() if name not in LIFE}
    stages: list[tuple[date | None, dict[str, Any]]] = [(day_of(document.get("valid_from")), terms)]
    for amendment in sorted(document.get("amendments", ()), key=lambda one: str(one["from"])):
        begins = date.fromisoformat(amendment["from"])
        terms = {**terms, **amendment["change"]}
        if stages[-1][0] == begins and len(stages) > 1:
            stages.pop()
        stages.append((begins, terms))
    return stages


def day_of(text: str | None) -> date | None:
    """A day as documents write it."""
    return date.fromisoformat(text) if text else None


def _earliest(*days: date | None) -> date | None:
    return min((day for day in days if day is not None), default=None)


def on(document: Document, day: date) -> Version:
    """The version whose turn it is on a day, in force or not: the last that has begun, before any has the first one."""
    every = versions(document)
    begun = [one for one in every if one.begins is None or one.begins <= day]
    return begun[-1] if begun else every[0]


def placed(agreement: Agreement, document: Document, version: Version, *, owner: str) -> Agreement:
    """An agreement read from a version's terms, with the days and the neighbours that the whole document gives it. `owner`:
    the code of its provider."""
    return replace(
        agreement,
        version=version.number,
        valid_from=version.begins,
        valid_until=version.ends,
        last_on=version.last,
        goes_on=document.get("after_end") == "in_renewal",
        owner=owner,
        supports=frozenset(document.get("supports", ())),
        supported_by=frozenset(document.get("supported_by", ())),
    )


def runs_until(document: Document, day: date) -> date | None:
    """The last day of the terms that follow each other without a gap from the version of that day on; None: no end."""
    every = versions(document)
    current = on(document, day)
    end = current.ends
    for following in every[current.number :]:
        if end is None or following.begins is None or following.begins > end + DAY:
            break
        end = following.ends
    return end


def overlapping(
    one: Iterable[Version], other: Iterable[Version]
) -> Iterator[tuple[date | None, date | None]]:
    """The days (first, last) on which versions of both are in force."""
    others = list(other)
    for mine in one:
        for theirs in others:
            first = max((day for day in (mine.begins, theirs.begins) if day is not None), default=None)
            last = _earliest(mine.ends, theirs.ends)
            if first is None or last is None or first <= last:
                yield first, last
