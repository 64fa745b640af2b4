"""One text tree: what each markup becomes in the others, and that no text, however hostile, takes long or becomes a script."""

import time

import pytest

from gateway.domain.rules.markup import MAX_TEXT, converted
from gateway.domain.rules.model import Markup

HTML, MARKDOWN, PLAIN = Markup.HTML, Markup.MARKDOWN, Markup.PLAIN

CASES: dict[str, tuple[Markup, Markup, str, str]] = {
    "paragraphs": (HTML, PLAIN, "<p>one</p><div>two<br>lines</div>", "one\n\ntwo\nlines"),
    "emphasis": (HTML, MARKDOWN, "<b>bold</b> and <em>soft</em>", "**bold** and *soft*"),
    "a list in a list": (HTML, MARKDOWN, "<ul><li>a<ol><li>b</li></ol></li><li>c</li></ul>", "- a\n  1. b\n- c"),
    "a quote": (HTML, PLAIN, "<blockquote><p>said</p></blockquote>", "> said"),
    "code": (HTML, MARKDOWN, "<pre>a  b\n c</pre>x <code>y</code>", "```\na  b\n c\n```\n\nx `y`"),
    "a link": (HTML, PLAIN, '<a title="a>b" href="https://x.example/?a=1&amp;b">here</a>', "here (https://x.example/?a=1&b)"),
    "entities": (HTML, PLAIN, "Fish &amp; chips &lt;3", "Fish & chips <3"),
    "signs that are marks": (PLAIN, MARKDOWN, "2*3*4 [x] <b>", "2\\*3\\*4 \\[x\\] \\<b\\>"),
    "signs that are tags": (PLAIN, HTML, "<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
    "markdown": (MARKDOWN, HTML, "# Head\n\na **b** `c`\n\n> q\n\n1. x\n2. y", "<p><strong>Head</strong></p>\n<p>a <strong>b</strong> <code>c</code></p>\n<blockquote><p>q</p></blockquote>\n<ol><li>x</li><li>y</li></ol>"),
    "escaped marks": (MARKDOWN, PLAIN, r"\*not\* *so*", "*not* so"),
    "a mark that is not closed": (MARKDOWN, PLAIN, "3 * 4 and [x", "3 * 4 and [x"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "target", "text", "wanted"), CASES.values(), ids=CASES.keys())
def test_a_text_becomes(source: Markup, target: Markup, text: str, wanted: str) -> None:
    assert converted(text, source, target) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "<script>steal()</script><style>x{}</style>ok",
        '<a href="javascript:steal()">ok</a>',
        "<a href=' JaVaScRiPt:steal()'>ok</a>",
        "<img src=x onerror=steal()>ok",
        "<svg><script>steal()</script></svg>ok",
    ],
)
def test_no_script_survives(text: str) -> None:
    assert converted(converted(text, HTML, MARKDOWN), MARKDOWN, HTML) == "<p>ok</p>"
    assert "<script" not in converted(converted(text, HTML, PLAIN), PLAIN, HTML)


HOSTILE = ("<", "<!--", "<![CDATA[", "<div><b>", "&", "<ul><li>", "<a ", "<?", "<!a", "</a", '<a "', "<a href=", "[", "*", "*a", ">", "`", "- ", "1. ", "a\n", "- a\n", "```\n", "a\n```\n", "\\", "[a](b", "> a\n", "**a *b ")  # fmt: skip


@pytest.mark.parametrize("part", HOSTILE)
def test_hostile_repetition_takes_little_time(part: str) -> None:
    """Four times the text takes about four times as long; sixteen would be quadratic. The bound is far from both."""
    text = (part * MAX_TEXT)[:MAX_TEXT]
    start = time.process_time()
    converted(text, HTML, MARKDOWN)
    converted(text, MARKDOWN, HTML)
    assert time.process_time() - start < 5


def test_a_text_that_is_too_long_is_carried_as_it_is() -> None:
    text = "<b>x</b>" * MAX_TEXT
    assert converted(text, HTML, PLAIN) == text
