"""schemas/contracts.md: what it says in words and tables is what comes out of its own contracts."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gateway import schemas
from gateway.domain.agreement_documents import agreement_of, sheet_at, sheet_of
from gateway.domain.calendar_documents import REGIONS, known_years
from gateway.domain.documents import site_from
from gateway.domain.figures import open_time
from gateway.domain.model import Site
from gateway.domain.sla.attribution import Attribution, attribute, headline
from gateway.domain.sla.clocks import Clock, clocks
from gateway.domain.sla.terms import TargetKind, Terms
from gateway.domain.worktime import DayTarget, worktime
from gateway.installation import holiday_sources, yaml_text
from tests.domain.sla.story import H, M, chain, play, record

GUIDE = (schemas.folder() / "contracts.md").read_text(encoding="utf-8")
ROME = ZoneInfo("Europe/Rome")


@cache
def document() -> Mapping[str, Any]:
    [block] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    [found] = yaml_text.documents(block.encode(), source="contracts.md")
    schemas.check("installation", found)
    return dict(found)


def calendars(organization: str) -> dict[str, Any]:
    """As they are once they were applied."""
    found = {}
    for one in document()["calendars"]:
        holidays = holiday_sources.frozen(one["holidays"], None, this_year=2026)
        if holidays.get("of_site"):
            regions = {(site["country"], site.get("subdivision", "")): None for site in document()["sites"]}
            years = known_years({"holidays": holidays})
            assert years is not None
            holidays[REGIONS] = holiday_sources.of_regions(regions, years)
        if one["organization"] == organization:
            found[one["code"]] = {**one, "holidays": holidays}
    return found


def site(code: str) -> Site:
    [told] = [one for one in document()["sites"] if one["code"] == code]
    return site_from({**told, "id": code, "org_id": told["organization"]})


@cache
def terms(code: str, hop: str = "", where: str = "MI-001") -> Terms:
    [told] = [one for one in document()["agreements"] if one["code"] == code]
    named = {**told, "id": code, "provider": told["organization"]}
    _, sheet = sheet_of(named, calendars(told["organization"]))
    _, there = sheet_at(sheet, site(where), zone="UTC")
    return replace(agreement_of(there).terms, hop=hop)


def told(words: str) -> bool:
    """Whether the guide says so, in some line or row."""
    return words in " ".join(GUIDE.split())


# -- business days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("opened", "due", "amount", "row"),
    [
        (
            "2026-12-04 14:00",
            "2026-12-10 18:00",
            24 * H,
            "| Friday 4 December 2026, 14:00 | the same day | Thursday 10 December, 18:00 | 24 h |",
        ),
        (
            "2026-12-04 15:00",
            "2026-12-11 18:00",
            33 * H,
            "| Friday 4 December 2026, 15:00 | Wednesday 9 December | Friday 11 December, 18:00 | 33 h |",
        ),
    ],
)
def test_business_days(opened: str, due: str, amount: timedelta, row: str) -> None:
    sla = terms("acme-tills")
    target = sla.targets[TargetKind.RESOLUTION]["low"]
    assert isinstance(target, DayTarget)
    at = datetime.fromisoformat(opened).replace(tzinfo=ROME)
    work = worktime(sla.calendar)
    assert target.due_at(work, at) == datetime.fromisoformat(due).replace(tzinfo=ROME)
    assert target.target(work, at) == amount
    assert told(row)


# -- calendars of a site ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "row"),
    [
        ("MI-001", "| MI-001 | 09:00–20:00, Monday to Saturday | Tuesday {there} | Tuesday {milan} |"),
        ("TYO-01", "| TYO-01 | 10:00–20:00, Monday to Saturday | Tuesday {there} | Tuesday {milan} |"),
    ],
)
def test_attendance_at_a_site(code: str, row: str) -> None:
    zone, sla = ZoneInfo(site(code).zone), terms("acme-tills", where=code)
    amount = sla.targets[TargetKind.ATTENDANCE]["critical"]
    assert isinstance(amount, timedelta)
    opened = datetime(2026, 3, 2, 17, 0, tzinfo=zone)
    due = worktime(sla.calendar_of(TargetKind.ATTENDANCE)).add(opened, amount)
    assert due.astimezone(zone).date().isoformat() == "2026-03-03"
    shown = {"there": f"{due.astimezone(zone):%H:%M}", "milan": f"{due.astimezone(ROME):%H:%M}"}
    assert told(row.format(**shown))


# -- stories; their clock is UTC, an hour behind Milan ------------------------------------------------------------------------


def played(text: str, now: str) -> dict[str, Clock]:
    found = clocks(play(chain("h1", terms("acme-tills", "h1")), text, now=now))
    return {one.target_kind.value: one for one in found}


def at(clock: str, day: int = 2) -> datetime:
    """A moment of March 2026 in Milan."""
    return datetime.fromisoformat(f"2026-03-{day:02} {clock}").replace(tzinfo=ROME)


VISIT = "08:00 open h1 critical\n09:00 visit h1 consumer 1/13:00 1/15:00\n"


def test_a_visit_that_is_kept() -> None:
    found = played(VISIT + "1/14:00 arrive h1\n1/16:00 resolve h1", "1/17:00")
    assert (found["attendance"].state, found["attendance"].due) == ("met", at("16:00", 3))
    one = found["resolution"]
    assert (one.state, one.elapsed, one.stopped_time) == ("met", 4 * H, 14 * H)
    assert told("8 h of Monday and 6 h of Tuesday. Being there is due by 16:00.")
    assert told("| at 15:00, and is done at 17:00 | met | 4 h, met |")


def test_a_visit_within_its_grace() -> None:
    found = played(VISIT + "1/15:30 arrive h1\n1/16:30 resolve h1", "1/17:00")
    assert found["attendance"].breached_at == at("16:00", 3)
    assert (found["resolution"].state, found["resolution"].elapsed) == ("met", 4 * H + 30 * M)
    assert told("| at 16:30, and is done at 17:30 | breached at 16:00 | 4 h 30 min, met: within")


def test_a_missed_visit() -> None:
    found = played(VISIT, "1/17:00")
    assert found["attendance"].breached_at == at("16:00", 3)
    one = found["resolution"]
    assert (one.elapsed, one.stopped_time, one.breached_at) == (19 * H, timedelta(), at("17:00"))
    assert told(
        "| not at all; it is 18:00 | breached at 16:00 | 19 h, breached on Monday at 17:00: the stop is void"
    )


def disputed(*after: str, now: str, undecided: bool = False) -> Clock:
    asked = record(3, "17:30 stop h1 site_access 10:00 13:00 id=s")
    asked = replace(asked, data={**asked.data, "evidence": ["contact_attempts"]})
    before = [record(1, "07:00 open h1 critical"), record(2, "17:00 resolve h1")]
    later = [record(number, line) for number, line in enumerate(after, start=4)]
    where = chain("h1", terms("acme-tills", "h1"))
    found = clocks(play(where, [*before, asked, *later], now=now, undecided=undecided))
    return next(one for one in found if one.target_kind is TargetKind.RESOLUTION)


def test_a_disputed_stop() -> None:
    assert told("resolved at 18:00: 10 h, breached at 16:00.")
    nobody = disputed(now="18:00")
    assert (nobody.elapsed, nobody.breached_at, nobody.provisional) == (10 * H, at("16:00"), True)
    other = disputed(now="18:00", undecided=True)
    assert (other.elapsed, other.state) == (7 * H, "met")
    assert told(
        "| nobody says anything | 10 h, breached; provisional, for with the stop it would be 7 h and met |"
    )
    in_dispute = disputed("1/09:00 dispute s", now="2/09:00")
    assert (in_dispute.elapsed, in_dispute.provisional) == (10 * H, True)


@pytest.mark.parametrize(
    ("after", "now", "elapsed", "state", "row"),
    [
        (
            ["1/09:00 dispute s", "2/09:00 uphold s"],
            "3/09:00",
            7 * H,
            "met",
            "(`interdesk stops uphold`) | 7 h, met |",
        ),
        (
            ["1/09:00 dispute s"],
            "12/09:00",
            10 * H,
            "breached",
            "| nobody decides within 10 days (`dispute_period`) | 10 h",
        ),
        (
            ["1/09:00 void s"],
            "2/09:00",
            10 * H,
            "breached",
            "(`interdesk stops void`) | 10 h, breached, final |",
        ),
    ],
    ids=["upheld", "undecided", "voided"],
)
def test_a_dispute_that_is_decided(
    after: list[str], now: str, elapsed: timedelta, state: str, row: str
) -> None:
    found = disputed(*after, now=now)
    assert (found.elapsed, found.state) == (elapsed, state)
    assert found.provisional is (state == "met"), "a resolution is final after five days, a breach at once"
    assert told(row)


# -- attribution --------------------------------------------------------------------------------------------------------------

HANDED = "07:00 open h1 critical\n07:30 offer h2\n07:45 accept h2\n"


def charged(text: str) -> Attribution:
    where = chain("h1 h2<h1", terms("acme-tills", "h1"), terms("vendor-north", "h2"))
    folded = play(where, HANDED + text, now="17:00")
    every = clocks(folded)
    found = headline(every, "acme-tills")
    assert found is not None
    return attribute(folded, every, found)


PARTIES = {"org-h1": "Vendor", "link:h2": "the link to North", "org-h2": "North"}


def test_whose_a_breach_is() -> None:
    found = charged("14:00 resolve h2 id=x\n16:30 resolve h1 cause=x")
    assert (found.clock.elapsed, found.breach) == (9 * H + 30 * M, 90 * M)
    assert told("9 h 30 min, so 1 h 30 min more than promised")
    assert sum(found.overrun.values(), timedelta()) == 4 * H + 30 * M
    for party, name in PARTIES.items():
        held, over, part = (open_time(one[party]) for one in (found.time, found.overrun, found.parts))
        assert re.search(rf"\| {name} \| {held} \| [^|]+ \| [0-9:]+ \| {over} \| {part} \|", GUIDE), (
            name,
            held,
            over,
            part,
        )


def test_who_kept_its_own_agreement_bears_nothing() -> None:
    found = charged("11:45 resolve h2 id=x\n16:30 resolve h1 cause=x")
    assert "org-h2" not in {party for party, part in found.parts.items() if part}
    assert told("Were North done at 12:45, it would have kept its agreement and borne nothing")
