"""The page of a published report in a real browser: nothing but itself is loaded, it fits a telephone, its pictures have their
tables, every text stands out, it is read by keyboard and without JavaScript, and prints whole."""

from datetime import timedelta
from itertools import pairwise

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.reports.publication import Line
from gateway.flows import publishing, share
from gateway.flows.commands import Order
from gateway.flows.publishing import Draft
from tests.api.house import Doors
from tests.domain.reports import sample
from tests.web import test_browser
from tests.web.test_browser import CONTRAST, WIDTHS, Visit

visit = test_browser.visit


@pytest.fixture(scope="module")
def address(gateway: Gateway, doors: Doors) -> str:
    """A link to the report as its customer sees it, in English."""
    with gateway.database.read() as db:
        known = gateway.context.directory(db).organizations
    north = next(one.id for one in known.values() if one.code == "north")
    line = Line(kind="compliance", subject="north", period="2026-10", view="customer")
    made = Draft(line=line, org_id=north, report=sample.report())
    kept = publishing.publish(gateway.context, made, Order(actor="test", now=utc_now())).publication
    wanted = share.Wanted(subject=kept.id, organization="north", lasts=timedelta(days=1))
    _, token = share.create(gateway.context, wanted, actor="test", now=utc_now())
    return f"http://127.0.0.1:{doors.port}/shared/{token}?lang=en"


def test_it_loads_nothing_but_itself_and_its_style_is_let_in(visit: Visit, address: str) -> None:
    page = visit.to(address)
    assert visit.asked == [address]
    assert visit.complaints == []
    assert page.evaluate("getComputedStyle(document.querySelector('.warnings')).borderTopWidth") == "2px"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "ru", "it"])
def test_it_fits_the_screen_and_its_bars_the_picture(
    visit: Visit, address: str, width: int, language: str
) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    page = visit.to(address.replace("lang=en", f"lang={language}"))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    boxes = page.evaluate(
        "[...document.querySelectorAll('.chart rect, .chart circle')].map(one => one.getBoundingClientRect().toJSON())"
    )
    drawn = [box for box in boxes if box["width"] > 0]
    assert len(drawn) > 20
    assert all(box["left"] >= -2 and box["right"] <= width + 1 for box in drawn)


def test_no_text_of_a_picture_lies_upon_another(visit: Visit, address: str) -> None:
    page = visit.to(address)
    for chart in page.locator("svg.chart").all():
        boxes = chart.evaluate(
            "one => [...one.querySelectorAll('text')].map(text => text.getBoundingClientRect().toJSON())"
        )
        for place, one in enumerate(boxes):
            for other in boxes[place + 1 :]:
                beside = one["right"] <= other["left"] or other["right"] <= one["left"]
                above = one["bottom"] <= other["top"] + 3 or other["bottom"] <= one["top"] + 3
                assert beside or above, (one, other)


def test_every_text_stands_out_from_its_ground(visit: Visit, address: str) -> None:
    assert visit.to(address).evaluate(CONTRAST) == []


def test_landmarks_headings_and_names_are_there_for_those_who_hear_the_page(
    visit: Visit, address: str
) -> None:
    page = visit.to(address)
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        assert page.get_by_role(landmark).count() == 1, landmark
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])")
    assert levels.count(1) == 1
    assert all(after - one <= 1 for one, after in pairwise(levels))
    pictures = page.get_by_role("img")
    assert pictures.count() == 4
    trend = page.get_by_role("img", name="Thirteen months: chart.")
    assert trend.count() == 1
    assert page.get_by_role("table", name="Thirteen months").get_by_role("row").count() == 14


def test_by_keyboard_one_gets_past_the_front_and_into_each_chapter(visit: Visit, address: str) -> None:
    page = visit.to(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#chapters"
    page.get_by_role("navigation").get_by_role("link", name="Breaches").click()
    assert page.evaluate("location.hash") == "#chapter-breaches"
    small = page.evaluate(
        "[...document.querySelectorAll('nav a')].map(one => one.getBoundingClientRect())"
        ".filter(box => box.height < 24).length"
    )
    assert small == 0


def test_words_of_strangers_do_nothing(visit: Visit, address: str) -> None:
    page = visit.to(address)
    assert page.locator("main script, main img").count() == 0
    assert page.get_by_text("<script>alert(1)</script>").count() == 1


def test_on_paper_are_all_figures_and_page_numbers(visit: Visit, address: str) -> None:
    page = visit.to(address)
    page.emulate_media(media="print")
    assert not page.locator(".skip").is_visible()
    assert page.get_by_role("table").first.is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF-")
