"""The page in a real browser: nothing but itself is loaded, it fits a telephone, reads without a picture, works by keyboard
and without JavaScript, and prints whole."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from gateway.app import Gateway, utc_now
from gateway.flows import share
from tests.api import house
from tests.api.house import Chain, Doors

WIDTHS = (1280, 390)
CONTRAST = """
() => {
  const channel = value => { value /= 255; return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4 };
  const parse = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = node => {
    for (; node; node = node.parentElement) {
      const found = parse(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, node = text.parentElement;
    if (!text.data.trim() || node.closest('svg, style, datalist') || !node.getClientRects().length) continue;
    const [one, other] = [light(parse(getComputedStyle(node).color)), light(ground(node))].sort((a, b) => b - a);
    if ((one + 0.05) / (other + 0.05) < 4.5) poor.push(text.data.trim().slice(0, 40));
  }
  return poor;
}
"""


@pytest.fixture(scope="module")
def address(gateway: Gateway, doors: Doors, chain: Chain) -> str:
    """A link to the page as the vendor in the middle sees it, in English."""
    wanted = share.Wanted(subject=chain.ticket, organization="south", lasts=timedelta(days=1))
    _, token = share.create(gateway.context, wanted, actor="test", now=utc_now())
    return f"http://127.0.0.1:{doors.port}/shared/{token}?lang=en"


class Visit:
    """A page without JavaScript, and what it asked for and complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.page: Page = context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def to(self, address: str) -> Page:
        self.page.goto(address)
        return self.page


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """By day, at a desk."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    yield Visit(context)
    context.close()


def test_it_loads_nothing_but_itself_and_its_style_is_let_in(visit: Visit, address: str) -> None:
    page = visit.to(address)
    assert visit.asked == [address]
    assert visit.complaints == []
    assert page.evaluate("getComputedStyle(document.querySelector('.clock')).borderLeftWidth") == "6px"


@pytest.mark.parametrize("width", WIDTHS)
def test_it_fits_the_screen_and_its_bars_the_picture(visit: Visit, address: str, width: int) -> None:
    visit.page.set_viewport_size({"width": width, "height": 800})
    page = visit.to(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for box in page.evaluate(
        "[...document.querySelectorAll('.chart .ground')].map(one => one.getBoundingClientRect().toJSON())"
    ):
        assert box["left"] >= 0
        assert box["right"] <= width + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    visit: Visit, address: str, scheme: Literal["light", "dark"]
) -> None:
    visit.page.emulate_media(color_scheme=scheme)
    page = visit.to(address)
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.evaluate(CONTRAST) == []


def test_landmarks_headings_and_names_are_there_for_those_who_hear_the_page(
    visit: Visit, address: str
) -> None:
    page = visit.to(address)
    for landmark in ("banner", "main", "contentinfo", "navigation"):
        assert page.get_by_role(landmark).count() == 1, landmark
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(one => +one.tagName[1])")
    assert levels.count(1) == 1
    assert all(after - one <= 1 for one, after in pairwise(levels))
    pictures = page.locator("svg.chart[role=img]")
    assert pictures.count() == 1 + page.locator("article").count()
    assert all((one.get_attribute("aria-label") or "").endswith("below.") for one in pictures.all())
    assert page.get_by_label("Time zone").get_attribute("aria-describedby") == "zone-hint"
    assert page.locator("html").get_attribute("lang") == "en"


def test_each_picture_has_its_table(visit: Visit, address: str) -> None:
    page = visit.to(address)
    tables = page.get_by_role("table")
    assert tables.count() >= 4
    for table in tables.all():
        assert table.locator("caption").inner_text()
        heads = table.locator("th")
        assert heads.count() == table.locator("th[scope=col], th[scope=row]").count() > 0
    held = page.get_by_role("table", name="Who held the ticket, stretch by stretch")
    assert held.get_by_role("row").count() == 1 + page.evaluate(
        "document.querySelectorAll('#figures tbody tr').length"
    )
    assert held.get_by_role("rowheader").first.inner_text()
    drawn = page.evaluate("document.querySelectorAll('section:first-of-type .chart .shape').length")
    assert drawn >= held.get_by_role("row").count() - 1


def test_by_keyboard_one_gets_past_the_picture_and_from_a_stretch_to_its_event(
    visit: Visit, address: str
) -> None:
    page = visit.to(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0, (
        "seen once it has the focus"
    )
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#figures"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    event = page.evaluate("document.activeElement.getAttribute('href')")
    assert event.startswith("#evt_")
    page.keyboard.press("Enter")
    assert page.locator("tr:target").count() == 1
    outline = page.evaluate("getComputedStyle(document.querySelector('tr:target')).outlineStyle")
    assert outline == "solid"


def test_what_one_can_press_is_large_enough(visit: Visit, address: str) -> None:
    page = visit.to(address)
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]), nav a')]"
        ".map(one => one.getBoundingClientRect()).map(box => [box.width, box.height])"
    )
    assert len(sizes) == 5
    assert all(width >= 24 and height >= 24 for width, height in sizes)


def test_a_zone_is_chosen_and_a_language_without_losing_the_other(visit: Visit, address: str) -> None:
    page = visit.to(address)
    page.get_by_label("Time zone").fill("Asia/Tokyo")
    page.get_by_role("button", name="Show").click()
    assert "Asia/Tokyo (JST, UTC+09:00)" in page.locator("header").inner_text()
    page.get_by_role("link", name="Русский").click()
    assert "Asia/Tokyo (JST, UTC+09:00)" in page.locator("header").inner_text()
    assert page.locator("html").get_attribute("lang") == "ru"
    assert page.locator("[aria-current]").inner_text() == "Русский"
    assert visit.complaints == []


def test_a_zone_that_is_none_is_tied_to_its_field(visit: Visit, address: str) -> None:
    page = visit.to(f"{address}&zone=Mars/Olympus")
    field = page.get_by_label("Time zone")
    assert field.get_attribute("aria-invalid") == "true"
    assert "zone-problem" in (field.get_attribute("aria-describedby") or "")
    assert page.locator("#zone-problem").is_visible()


@pytest.mark.parametrize("language", ["en", "ru", "it"])
def test_long_words_of_other_languages_fit_a_telephone(visit: Visit, address: str, language: str) -> None:
    visit.page.set_viewport_size({"width": 390, "height": 800})
    page = visit.to(address.replace("lang=en", f"lang={language}"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_are_figures_and_no_controls(visit: Visit, address: str) -> None:
    page = visit.to(address)
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Show").is_visible()
    assert page.get_by_role("table").first.is_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF-")


def test_no_page_frames_it_and_no_address_leaks(visit: Visit, address: str) -> None:
    page = visit.to(address)
    refused = page.context.request.get(address.partition("?")[0].rpartition("/")[0] + "/x")
    assert refused.status == 404
    assert page.evaluate("document.referrer") == ""


def test_a_refused_visitor_is_told_in_words(visit: Visit, address: str, doors: Doors) -> None:
    page = visit.to(f"http://127.0.0.1:{doors.port}/shared/nothing")
    assert page.get_by_role("heading", level=1).inner_text() == "There is nothing here"
    assert page.evaluate(CONTRAST) == []


def test_the_operators_page_stands_up_to_the_same(
    visit: Visit, gateway: Gateway, doors: Doors, chain: Chain
) -> None:
    visit.page.set_extra_http_headers(house.key(gateway))
    page = visit.to(f"http://127.0.0.1:{doors.port}/tickets/{chain.ticket}/timeline?lang=en")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Ticket T-1")
    assert page.evaluate(CONTRAST) == []
    assert visit.complaints == []
