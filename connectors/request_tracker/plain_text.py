"""From the HTML that RT's editor and mail programs write to plain text. Nothing of it is ever passed on as HTML.

Not built on html.parser: it takes minutes for 300 KB of `<!--` (Python 3.11, measured), and anybody can mail that to a
desk. One pass, time linear in the text.
"""

import re
from html import unescape

_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)>")
_ATTRIBUTE = r"(?:^|\s){}\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))"
_HREF = re.compile(_ATTRIBUTE.format("href"), re.IGNORECASE)
_ALT = re.compile(_ATTRIBUTE.format("alt"), re.IGNORECASE)
_RAW = {tag: re.compile(rf"</{tag}\b[^>]*", re.IGNORECASE) for tag in ("script", "style", "title")}
_PARAGRAPHS = frozenset({"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "dl"})
_LINES = frozenset(
    {"div", "li", "tr", "section", "article", "header", "footer", "dt", "dd", "address", "center", "hr"}
)
_DEEPEST = 10
"""Quotes and lists deeper than this are shown at this depth: deeper ones are made to do harm."""
_ADDRESS = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)


def plain_text(html: str) -> str:
    """The text a reader sees: paragraphs, list signs, quotes as `> `, the address of a link behind its words."""
    reader = _Reader()
    at = 0
    while at < len(html):
        opened = html.find("<", at)
        end = opened if opened >= 0 else len(html)
        if end > at:
            reader.words(unescape(html[at:end]))
        at = _after_markup(reader, html, end)
    return reader.text()


def _after_markup(reader: "_Reader", html: str, at: int) -> int:
    """Handles what begins with `<` at this place; returns where the next piece begins."""
    if at >= len(html):
        return at
    if html.startswith("<!--", at):
        return _behind(html, "-->", at + 4)
    if html.startswith(("<!", "<?"), at):
        return _behind(html, ">", at + 2)
    found = _TAG.match(html, at)
    if not found:
        reader.words("<")
        return at + 1
    tag, attributes = found[2].lower(), found[3]
    if found[1]:
        reader.end(tag)
    elif tag in _RAW:
        closing = _RAW[tag].search(html, found.end())
        return closing.end() + 1 if closing else len(html)
    else:
        reader.begin(tag, attributes)
    return found.end()


def _behind(html: str, sign: str, at: int) -> int:
    found = html.find(sign, at)
    return found + len(sign) if found >= 0 else len(html)


def _attribute(pattern: re.Pattern[str], attributes: str) -> str:
    found = pattern.search(attributes)
    return unescape(found[1] or found[2] or found[3] or "") if found else ""


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


class _Sheet:
    """Text being written, which knows how many line ends it ends with."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.breaks = 0
        self.after_space = True

    def write(self, text: str) -> None:
        if not text:
            return
        self.pieces.append(text)
        core = text.rstrip(" \n")
        self.breaks = text.count("\n", len(core)) + (0 if core else self.breaks)
        self.after_space = text[-1] in " \n"

    def line(self, wanted: int) -> None:
        """End the line and leave `wanted - 1` empty ones; nothing at the very beginning."""
        if self.pieces:
            self.write("\n" * max(0, wanted - self.breaks))

    def text(self, start: int = 0) -> str:
        return "".join(self.pieces[start:])


class _Reader:
    """Writes onto a stack of sheets, one for each quote that is open."""

    def __init__(self) -> None:
        self._sheets = [_Sheet()]
        self._too_deep = 0
        self._preformatted = 0
        self._lists: list[int] = []
        self._link: tuple[str, int] | None = None

    @property
    def _sheet(self) -> _Sheet:
        return self._sheets[-1]

    def text(self) -> str:
        while len(self._sheets) > 1:
            self._close_quote()
        return _tidy(self._sheets[0].text()).strip()

    def words(self, text: str) -> None:
        """What stands between two tags."""
        text = text.replace("\xa0", " ")
        if self._preformatted:
            self._sheet.write(text.replace("\r\n", "\n"))
            return
        text = re.sub(r"\s+", " ", text)
        self._sheet.write(text.lstrip(" ") if self._sheet.after_space else text)

    def begin(self, tag: str, attributes: str) -> None:
        """A start tag."""
        self._break_for(tag)
        match tag:
            case "br":
                self._sheet.write("\n")
            case "hr":
                self._sheet.write("----\n")
            case "ul" | "ol":
                self._lists.append(0 if tag == "ol" else -1)
            case "li":
                self._sheet.write(self._sign())
            case "td" | "th" if self._sheet.pieces and not self._sheet.breaks:
                self._sheet.write(" | ")
            case "blockquote":
                self._open_quote()
            case "pre":
                self._preformatted += 1
            case "a":
                self._link = (_attribute(_HREF, attributes), len(self._sheet.pieces))
            case "img" if alt := _attribute(_ALT, attributes):
                self._sheet.write(f"[{alt}]")

    def end(self, tag: str) -> None:
        """An end tag."""
        match tag:
            case "ul" | "ol" if self._lists:
                self._lists.pop()
            case "blockquote":
                self._end_quote()
            case "pre":
                self._preformatted = max(0, self._preformatted - 1)
            case "a":
                self._end_link()
        self._break_for(tag)

    def _break_for(self, tag: str) -> None:
        inner_list = tag in ("ul", "ol") and bool(self._lists)
        if tag in _PARAGRAPHS and not inner_list:
            self._sheet.line(2)
        elif tag in _LINES or inner_list:
            self._sheet.line(1)

    def _sign(self) -> str:
        indent = "  " * max(0, min(len(self._lists), _DEEPEST) - 1)
        if not self._lists or self._lists[-1] < 0:
            return f"{indent}- "
        self._lists[-1] += 1
        return f"{indent}{self._lists[-1]}. "

    def _open_quote(self) -> None:
        self._sheet.line(2)
        self._link = None
        if len(self._sheets) <= _DEEPEST:
            self._sheets.append(_Sheet())
        else:
            self._too_deep += 1

    def _end_quote(self) -> None:
        self._link = None
        if self._too_deep:
            self._too_deep -= 1
        elif len(self._sheets) > 1:
            self._close_quote()

    def _close_quote(self) -> None:
        quoted = _tidy(self._sheets.pop().text())
        if quoted:
            self._sheet.line(2)
            self._sheet.write("\n".join(f"> {line}".rstrip() for line in quoted.split("\n")) + "\n\n")

    def _end_link(self) -> None:
        if self._link is None:
            return
        address, start = self._link
        self._link = None
        words = self._sheet.text(start).strip()
        if _ADDRESS.match(address) and address.partition(":")[2].strip("/") not in words:
            self._sheet.write(f" <{address}>" if words else f"<{address}>")
