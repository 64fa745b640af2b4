"""Names, states and events in words; nobody is named who may not be."""

from zoneinfo import ZoneInfo

from gateway.domain.timeline import Cell, Happening
from gateway.web.telling import Said
from gateway.words import Words
from gateway.words.look import Look
from tests.domain.timeline.day import seen

NAMES = {"acme": "Acme", "org-h0": "Stores", "org-h1": "Tills", "org-h2": "Nord"}


def said(org: str | None, language: str = "en") -> Said:
    return Said.of(Look(Words(language), ZoneInfo("UTC")), seen(org), NAMES)


def test_lanes_are_named_after_their_organization_with_ones_own_number() -> None:
    here = said("org-h1")
    assert [here.lane(name) for name in here.lanes] == [
        "Stores and beyond",
        "link to Tills",
        "Tills T-204",
        "link to Nord",
        "Nord",
    ]
    assert said(None).lane("requester") == "Acme: the requester"


def test_masked_partners_are_counted_by_their_distance() -> None:
    for language, told in (
        ("en", "with tier-2 partner, tier-3 partner"),
        ("ru", "включая: партнёр 2-го уровня, партнёр 3-го уровня"),
        ("it", "con partner di 2º livello, partner di 3º livello"),
    ):
        here = said("org-h0", language)
        assert here.tiers(here.lanes["h1"]) == told


def test_an_organization_whose_name_was_not_handed_over_has_none() -> None:
    assert said("org-h1").org("org-h3") == "not told"


def test_events_say_what_and_why() -> None:
    here = said(None)
    told = {name: here.what(event) for name, event in here.events.items()}
    assert told["q"] == "state: pending, information from the requester"
    assert told["c1"] == "comment: public"
    assert told["secret"] == "comment: private"
    assert told["a2"] == "accepted"


def test_time_that_is_booked_to_somebody_else_names_whom() -> None:
    here = said(None)
    cells = (
        Cell(lane="h3", state="held", reason="carrier", booked_to="outside:carrier"),
        Cell(lane="h2", state="held", reason="parts_upstream", booked_to="supplier:org-h0"),
        Cell(lane="h1", state="working"),
    )
    assert here.booked(cells) == "outside: the carrier, supplier Stores, Tills T-204"


def test_what_was_told_of_a_clock_is_told_in_words() -> None:
    here = said(None)
    words = {"agreement": "nord-uc", "target": "resolution"}
    when = next(iter(here.events.values())).at
    warned = Happening(id="t", at=when, lane="h2", type="clock.warned", words=words | {"mark": "75%"})
    restated = Happening(
        id="t", at=when, lane="h2", type="clock.restated", words=words | {"old": "breached", "new": "running"}
    )
    assert here.what(warned) == "warning given: Resolution nord-uc, 75%"
    assert here.what(restated) == "figures restated: Resolution nord-uc, over → running"
