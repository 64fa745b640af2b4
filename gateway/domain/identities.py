"""Who at one desk of a link is who at the other: the link's table first, then its rule, else nobody. Nobody is guessed, and
nobody is made at a desk: who is not found stays words. How people are named in words is `gateway.domain.people`."""

from collections import Counter
from collections.abc import Iterator

from gateway.domain.model import Identities, IdentityRule, Link
from gateway.domain.people import rule
from gateway.domain.plan import Item
from gateway.domain.problem import Problem


def across(link: Link, native: str, *, down: bool) -> str | None:
    """What the other desk calls somebody; None where the link does not say."""
    known = link.identities
    if known is None or not native:
        return None
    wanted = native.casefold()
    for upstream, downstream in known.table:
        here, there = (upstream, downstream) if down else (downstream, upstream)
        if here.casefold() == wanted:
            return there
    return _by_rule(known, native)


def _by_rule(known: Identities, native: str) -> str | None:
    match known.rule:
        case IdentityRule.SAME:
            return native
        case IdentityRule.BEFORE_AT if native.count("@") == 1:
            return native.partition("@")[0] or None
        case _:
            return None


def requester(link: Link, native: str, *, down: bool) -> str | None:
    """What to write into the other desk's requester field. A link that says nothing of identities lets the value pass as it
    stands, where it names people at all."""
    if link.identities is None:
        return native if may_be_told(link, down=down) else None
    return across(link, native, down=down)


def may_be_told(link: Link, *, down: bool) -> bool:
    """Whether somebody who is not found on the other side may be named there in words."""
    return rule(link, down=down) == "name"


def problems(item: Item) -> Iterator[Problem]:
    """Somebody who is two people on the other side: the table would depend on its order."""
    rows = item.document.get("identities", {}).get("table", [])
    for side in ("upstream", "downstream"):
        for name, times in Counter(str(row[side]).casefold() for row in rows).items():
            if times > 1:
                place = f"{item.source}.identities.table"
                what = f"{name!r} of the {side} desk stands in {times} rows"
                yield Problem(place=place, what=what, right="one person, one row")
