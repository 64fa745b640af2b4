"""The RT connector's texts: what of a message is read, and HTML as plain text, well meant or not."""

import json
from collections.abc import Sequence

import pytest

from connectors.request_tracker import parts
from connectors.request_tracker.parts import Part
from connectors.request_tracker.plain_text import plain_text
from gateway.connector import Response
from gateway.errors import AnswerUnreadable
from gateway.testing.playback import play
from tests.connectors.request_tracker_answers import answer


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one <b>two</b><br>three&nbsp;four</p><p>five</p>", "one two\nthree four\n\nfive"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<ul><li>one<li>two<ul><li>in</li></ul></ul>end", "- one\n- two\n  - in\n\nend"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        (
            "<blockquote>he said<blockquote>she said</blockquote></blockquote>yes",
            "> he said\n>\n> > she said\n\nyes",
        ),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ('see <a href="https://x.example/1">here</a>', "see here <https://x.example/1>"),
        ('<a href="https://x.example/1">https://x.example/1</a>', "https://x.example/1"),
        ('<a href="javascript:alert(1)">press</a>', "press"),
        ('<img src="cid:1" alt="a &quot;chart&quot;">', '[a "chart"]'),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 | 2\n3"),
        ("<style>p{}</style><script>if (a<b) x()</script>seen<!-- <b>not --> too", "seen too"),
        ("&lt;b&gt; &amp;amp; &#8364; 1 < 2", "<b> &amp; € 1 < 2"),
        ('<p title="a>b">x</p>', "x"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("seen<!-- and never closed", "seen"),
        ("", ""),
    ],
)
def test_html_becomes_the_text_a_reader_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


@pytest.mark.parametrize(
    "piece", ["<!--", "</", "<?x", "<![CDATA[", "<a href='", "<blockquote>", "<ul><li>", "&#x", "<script>"]
)
@pytest.mark.timeout(20)
def test_html_made_to_do_harm_costs_no_more_than_its_length(piece: str) -> None:
    assert len(plain_text(piece * (300_000 // len(piece)))) < 6_000_000


def part(number: int, media_type: str, filename: str = "", size: int = 10) -> Part:
    return Part(id=str(number), transaction="1", media_type=media_type, filename=filename, size=size)


MAIL = [
    part(1, "multipart/mixed", size=0),
    part(2, "multipart/alternative", size=0),
    part(3, "text/plain"),
    part(4, "multipart/related", size=0),
    part(5, "text/html"),
    part(6, "image/png"),
    part(7, "text/plain", "log.txt"),
    part(8, "message/rfc822", size=0),
    part(9, "text/plain"),
    part(10, "application/pdf", "inside.pdf"),
]


@pytest.mark.parametrize(
    ("given", "texts", "files"),
    [
        pytest.param([part(1, "text/html")], ["1"], [], id="html only, as RT's own editor writes"),
        pytest.param(
            MAIL, ["3"], ["image-6.png", "log.txt", "message-8.eml", "inside.pdf"], id="a mail with all"
        ),
        pytest.param(
            [part(1, "multipart/mixed", size=0), part(2, "text/plain"), part(3, "text/html")],
            ["2", "3"],
            [],
            id="two texts that are no alternatives",
        ),
        pytest.param([part(1, "application/octet-stream", size=0)], [], [], id="an empty body"),
        pytest.param(
            [part(1, "text/plain", size=600_000)], [], ["text-1.txt"], id="a text too long is a file"
        ),
        pytest.param([], [], [], id="nothing"),
    ],
)
def test_what_of_a_message_is_text_and_what_is_a_file(
    given: list[Part], texts: list[str], files: list[str]
) -> None:
    found = parts.sort_out(given)
    assert [one.id for one in found.texts] == texts
    assert [one.name for one in found.files] == files


def test_texts_are_asked_for_in_portions() -> None:
    many = [part(number, "text/plain", size=400_000) for number in range(1, 9)]
    asked = play(parts.contents("7", many), [_texts(["1", "2", "3", "4", "5"]), _texts(["6", "7", "8"])])
    assert [len(json.loads(dict(request.params)["query"])) for request in asked.requests] == [5, 3]
    assert asked.result == {str(number): "text" for number in range(1, 9)}


def test_a_text_that_rt_lists_and_then_leaves_out_is_no_answer() -> None:
    asked = play(parts.contents("7", [part(1, "text/plain"), part(2, "text/plain")]), [_texts(["1"])])
    assert isinstance(asked.error, AnswerUnreadable)


def _texts(ids: Sequence[str]) -> Response:
    rows = [{"id": number, "ContentType": "text/plain", "Content": "text"} for number in ids]
    return answer({"items": rows})
