"""The PDF is the page: tagged, titled, in equal bytes, and nothing is loaded for it. Without what prints it, one is told so."""

import builtins
import io
import os
import re
import urllib.request
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gateway import export
from gateway.domain.reports.document import Report
from gateway.errors import Refused, Unsupported
from gateway.export import Format, Manner, documents, pages, paper
from tests.conftest import REQUIRE_DESKS
from tests.domain.reports import sample


@pytest.fixture
def printer() -> None:
    """Skips where WeasyPrint finds no Pango; a failure where what tests need was installed on purpose."""
    try:
        export.check(Format.PDF)
    except Unsupported as missing:
        pytest.fail(str(missing)) if os.environ.get(REQUIRE_DESKS) else pytest.skip(str(missing))


def printed() -> bytes:
    stream = io.BytesIO()
    export.write(sample.report(), "pdf", stream, Manner(made_by="maria"))
    return stream.getvalue()


def unpacked(file: bytes) -> bytes:
    """What stands in its streams."""
    found = re.findall(rb"stream\n(.*?)\nendstream", file, flags=re.DOTALL)
    return b"".join(zlib.decompress(one) if one[:1] == b"x" else one for one in found)


@pytest.mark.usefixtures("printer")
def test_it_is_tagged_titled_and_the_same_every_time() -> None:
    first = printed()
    inside = unpacked(first)
    assert first.startswith(b"%PDF-")
    assert b"pdfuaid" in inside, "says that it is PDF/UA"
    for mark in (b"/MarkInfo", b"/Lang", b"/StructTreeRoot", b"/Figure", b"/Alt", b"/TH"):
        assert mark in inside, mark
    assert first == printed()


@pytest.mark.usefixtures("printer")
def test_nothing_is_loaded_whatever_a_page_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = (
        "<html lang=en><title>x</title><img src='file:///etc/hostname'><img src='http://127.0.0.1:9/x'><p>x"
    )
    asked: list[object] = []
    monkeypatch.setattr(pages, "text", lambda *_, **__: asking)
    monkeypatch.setattr(urllib.request.OpenerDirector, "open", lambda *given, **_: asked.append(given))
    assert printed().startswith(b"%PDF-")
    assert asked == []


@pytest.mark.parametrize(
    ("error", "why", "cure"),
    [
        (ImportError("No module named 'weasyprint'"), "weasyprint is not installed", "interdesk[pdf]"),
        (
            OSError("cannot load library 'libpango-1.0-0': no such file\nmore"),
            "libpango-1.0-0",
            "apt-get install",
        ),
    ],
    ids=["the package", "the library"],
)
def test_without_what_prints_it_one_is_told_what_to_do(
    error: Exception, why: str, cure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[..., Any] = builtins.__import__

    def refusing(name: str, *more: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "weasyprint":
            raise error
        return real(name, *more, **options)

    monkeypatch.setattr(builtins, "__import__", refusing)
    with pytest.raises(Unsupported) as refused:
        printed()
    assert why in refused.value.why
    assert cure in refused.value.cure


def long() -> Report:
    """A month of three thousand breaches."""
    made = sample.report()
    table = made.sections[2].tables[0]
    rows = tuple((f"T-{number}", *table.rows[0][1:]) for number in range(3000))
    return replace(
        made, sections=(made.sections[0], replace(made.sections[2], tables=(replace(table, rows=rows),)))
    )


def test_a_long_report_is_a_summary_that_says_how_much_more_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, real = list[str](), pages.text

    def kept(*given: Any, **options: Any) -> str:
        seen.append(real(*given, **options))
        return "<html lang=en><title>x</title><p>x"

    monkeypatch.setattr(pages, "text", kept)
    monkeypatch.setattr(paper, "printer", lambda: FakePrinter)
    assert paper.printed(long(), Manner()) == b"printed"
    assert paper.printed(sample.report(), Manner()) == b"printed"
    cut, whole = seen
    assert ("T-0<" in cut, "T-49<" in cut, "T-50<" in cut) == (True, True, False)
    assert "2,950 more: in the XLSX." in cut
    assert "A summary: of long tables the first 50 lines" in cut
    assert documents.digest(long()) in cut, "of the whole"
    assert ("more: in the XLSX" in whole, "A summary:" in whole) == (False, False)


class FakePrinter:
    """Takes a page and prints nothing of it."""

    class urls:  # noqa: N801
        @staticmethod
        def URLFetcher(**_: object) -> None:  # noqa: N802
            """Fetches nothing."""

    class HTML:
        def __init__(self, **_: object) -> None:
            pass

        def write_pdf(self, **_: object) -> bytes:
            return b"printed"


@pytest.mark.usefixtures("printer")
def test_a_long_report_is_printed() -> None:
    stream = io.BytesIO()
    export.write(long(), "pdf", stream)
    assert stream.getvalue().startswith(b"%PDF-")


def test_what_nobody_would_read_on_paper_even_so_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_ROWS", 3)
    with pytest.raises(Refused, match="--format xlsx"):
        printed()
