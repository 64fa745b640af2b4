"""A text from one markup to another, by way of the tree."""

from collections.abc import Callable, Mapping

from gateway.domain.rules import html_text, markdown_text, text_tree
from gateway.domain.rules.model import Markup

MAX_TEXT = 50_000
"""Characters; a longer text is carried as it is written, unconverted."""


def converted(text: str, source: Markup, target: Markup) -> str:
    """The text in another markup; as it is where that is the same, or where it is longer than what is read."""
    if source is target or len(text) > MAX_TEXT:
        return text
    return WRITERS[target](READERS[source](text))


READERS: Mapping[Markup, Callable[[str], text_tree.Node]] = {
    Markup.PLAIN: text_tree.read_plain,
    Markup.MARKDOWN: markdown_text.read,
    Markup.HTML: html_text.read,
}
WRITERS: Mapping[Markup, Callable[[text_tree.Node], str]] = {
    Markup.PLAIN: text_tree.write_plain,
    Markup.MARKDOWN: markdown_text.write,
    Markup.HTML: html_text.write,
}
