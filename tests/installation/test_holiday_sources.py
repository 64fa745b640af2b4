"""Public holidays by country and subdivision, and from calendar files: whole days, and nothing that nobody meant."""

import pytest

from gateway.errors import Invalid
from gateway.installation.holiday_sources import frozen, of_country, of_feed, of_regions, years_of

YEARS = range(2026, 2029)


def feed(*events: str) -> bytes:
    """A calendar file; an event is its lines, joined by ;;"""
    told = "\n".join("BEGIN:VEVENT\n" + event.replace(";;", "\n") + "\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n{told}\nEND:VCALENDAR\n".replace(
        "\n", "\r\n"
    ).encode()


def days(*events: str) -> list[str]:
    return list(of_feed(feed(*events), YEARS, source="it.ics"))


def test_a_country_and_its_subdivision() -> None:
    assert of_country("IT", "MI", range(2026, 2027))["2026-12-07"] == "Saint Ambrose's Day"
    assert "2026-12-07" not in of_country("IT", "", range(2026, 2027))


def test_names_do_not_follow_the_locale_of_whoever_applies(monkeypatch: pytest.MonkeyPatch) -> None:
    before = of_country("IT", "MI", YEARS)
    for name in ("LANG", "LC_ALL", "LANGUAGE"):
        monkeypatch.setenv(name, "it_IT.UTF-8")
    assert of_country("IT", "MI", YEARS) == before


@pytest.mark.parametrize(
    ("country", "subdivision", "told"),
    [
        ("XX", "", "no public holidays of 'XX' are known; known: .*, or list `days` or an `ics` file"),
        ("IT", "XYZ", "IT has no subdivision 'XYZ' with holidays of its own; .*, or leave it out"),
    ],
)
def test_an_unknown_place_is_told_with_what_would_be_right(country: str, subdivision: str, told: str) -> None:
    with pytest.raises(Invalid, match=told):
        of_country(country, subdivision, YEARS)


def test_regions_of_sites_an_unknown_part_has_its_countrys_days_an_unknown_country_none() -> None:
    found = of_regions({("IT", "MI"): None, ("IT", "ZZZ"): None, ("XX", ""): None}, range(2026, 2027))
    assert sorted(found) == ["IT", "IT-MI"]


@pytest.mark.parametrize(
    ("event", "found"),
    [
        pytest.param("SUMMARY:A;;DTSTART;VALUE=DATE:20260814", ["2026-08-14"], id="one day"),
        pytest.param(
            "SUMMARY:A;;DTSTART;VALUE=DATE:20260814;;DTEND;VALUE=DATE:20260816",
            ["2026-08-14", "2026-08-15"],
            id="the end is the day after",
        ),
        pytest.param(
            "SUMMARY:A;;DTSTART;VALUE=DATE:20261231;;DURATION:P2D",
            ["2026-12-31", "2027-01-01"],
            id="a length",
        ),
        pytest.param(
            "SUMMARY:A;;DTSTART;VALUE=DATE:20200501;;RRULE:FREQ=YEARLY",
            ["2026-05-01", "2027-05-01", "2028-05-01"],
            id="every year",
        ),
        pytest.param(
            "SUMMARY:A;;DTSTART;VALUE=DATE:20200501;;RRULE:FREQ=YEARLY;UNTIL=20270101;;EXDATE;VALUE=DATE:20260501",
            [],
            id="until then, and not this one",
        ),
        pytest.param(
            "SUMMARY:A;;DTSTART;VALUE=DATE:20240501;;RRULE:FREQ=YEARLY;COUNT=4",
            ["2026-05-01", "2027-05-01"],
            id="so many times",
        ),
        pytest.param(
            "SUMMARY:A;;DTSTART;VALUE=DATE:20200229;;RRULE:FREQ=YEARLY", ["2028-02-29"], id="in leap years"
        ),
        pytest.param("SUMMARY:A;;DTSTART;VALUE=DATE:20260814;;STATUS:CANCELLED", [], id="called off"),
        pytest.param("SUMMARY:A;;DTSTART;VALUE=DATE:20190814", [], id="in a year that is not asked for"),
    ],
)
def test_whole_days_of_a_feed(event: str, found: list[str]) -> None:
    assert days(event) == found


def test_days_of_a_feed_have_names() -> None:
    named = of_feed(feed("SUMMARY:Stocktaking;;DTSTART;VALUE=DATE:20260814"), YEARS, source="x")
    assert named == {"2026-08-14": "Stocktaking"}
    assert of_feed(feed("DTSTART;VALUE=DATE:20260814"), YEARS, source="x") == {"2026-08-14": "holiday"}


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (
            "SUMMARY:Party;;DTSTART:20260814T180000Z",
            "it.ics: 'Party' is no whole day; write it as a `special` day",
        ),
        (
            "SUMMARY:A;;DTSTART;VALUE=DATE:20260814;;RRULE:FREQ=MONTHLY",
            "it.ics: 'A' does not simply come every year on its date; list its days one by one",
        ),
        (
            "SUMMARY:A;;DTSTART;VALUE=DATE:20260814;;RRULE:FREQ=YEARLY;BYMONTH=1,2,3",
            "does not simply come every year",
        ),
        (
            "SUMMARY:For ever;;DTSTART;VALUE=DATE:20260814;;DTEND;VALUE=DATE:20290101",
            "'For ever' lasts from 2026-08-14 to 2028-12-31; that is no holiday, correct it",
        ),
        ("SUMMARY:No start", "'No start' is no whole day"),
    ],
)
def test_what_would_close_the_service_when_nobody_meant_it_is_refused(event: str, told: str) -> None:
    with pytest.raises(Invalid) as raised:
        days(event)
    assert told in str(raised.value)


@pytest.mark.parametrize("text", [b"", b"not a calendar", b"BEGIN:VCALENDAR\r\n", b"\xff\xfe\x00"])
def test_what_is_no_calendar_file_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid, match=r"it\.ics is no calendar file \(ICS\)"):
        of_feed(text, YEARS, source="it.ics")


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(Invalid, match="more than 1000000 bytes"):
        of_feed(b" " * 1_000_001, YEARS, source="it.ics")


def test_the_years_that_are_frozen_are_stated() -> None:
    assert years_of({}, this_year=2026) == range(2025, 2031)
    told = frozen({"country": "IT", "days": ["2026-08-14"]}, None, this_year=2026)
    assert (told["years"], told["days"]) == ("2025-2030", ["2026-08-14"])
    assert {"2025-12-25", "2030-12-25"} <= told["frozen"].keys()
    short = frozen({"country": "IT", "years": "2026-2026"}, None, this_year=2026)
    assert {day[:4] for day in short["frozen"]} == {"2026"}


@pytest.mark.parametrize("years", ["2030-2025", "1000-2999"])
def test_years_that_are_none_to_look_at_are_refused(years: str) -> None:
    with pytest.raises(
        Invalid, match=f"the years {years} are none to look at; write at most 50, like 2025-2030"
    ):
        years_of({"years": years}, this_year=2026)


def test_a_feed_and_a_country_are_joined() -> None:
    told = frozen(
        {"country": "IT", "ics": "x.ics", "years": "2026-2026"},
        ("x.ics", feed("SUMMARY:Ours;;DTSTART;VALUE=DATE:20260814")),
        this_year=2026,
    )
    assert told["frozen"]["2026-08-14"] == "Ours"
    assert "2026-12-25" in told["frozen"]
