"""HTML to the text tree and back. Read: the words of tags that are not known stay, scripts and styles go. Written: every
sign is escaped, and only addresses of the web or of a mailbox become links."""

from collections.abc import Iterator, Mapping
from html import escape, unescape

from gateway.domain.rules.text_tree import MAX_DEPTH, Kind, Node, flowing, is_safe

_TAGS: Mapping[str, Kind] = {
    "p": Kind.PARAGRAPH,
    "div": Kind.PARAGRAPH,
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Kind.HEADING),
    "ul": Kind.BULLETS,
    "ol": Kind.NUMBERS,
    "li": Kind.ITEM,
    "blockquote": Kind.QUOTE,
    "pre": Kind.CODE_BLOCK,
    "strong": Kind.STRONG,
    "b": Kind.STRONG,
    "em": Kind.EMPHASIS,
    "i": Kind.EMPHASIS,
    "code": Kind.CODE,
    "a": Kind.LINK,
}
_UNREAD = frozenset({"script", "style", "head", "title", "template", "noscript"})
_HOLDS_BLOCKS = frozenset({Kind.ROOT, Kind.ITEM, Kind.QUOTE})


MAX_TAG = 2_000
"""Characters of a tag. The standard library's own parser takes quadratic time over tags and comments that never end (200 kB
took 53 s when it was tried), so tags are found here, each with a bounded search."""


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """("words", text), ("tag", what stands between the brackets): in linear time."""
    place = 0
    while place < len(text):
        start = text.find("<", place)
        if start < 0:
            yield "words", text[place:]
            return
        if start > place:
            yield "words", text[place:start]
        if text.startswith("<!--", start):
            end = text.find("-->", start)
            place = len(text) if end < 0 else end + 3
        elif text[start + 1 : start + 2].isalpha() or text[start + 1 : start + 2] in ("/", "!", "?"):
            end = _end_of_tag(text, start)
            if end < 0:
                yield "words", "<"
                place = start + 1
            else:
                yield "tag", text[start + 1 : end]
                place = end + 1
        else:
            yield "words", "<"
            place = start + 1


def _end_of_tag(text: str, start: int) -> int:
    """Where the tag's bracket closes; one within quotes does not close it."""
    end = text.find(">", start, start + MAX_TAG)
    if end < 0 or text.count('"', start, end) % 2 == 0:
        return end
    quoted = text.find('"', end, start + MAX_TAG)
    closing = text.find(">", quoted, start + MAX_TAG) if quoted > 0 else -1
    return closing if closing > 0 else end


def _address(tag: str) -> str:
    """The value of a tag's href, or nothing."""
    found = tag.casefold().find("href")
    rest = tag[found + 4 :].lstrip() if found > 0 else ""
    if not rest.startswith("="):
        return ""
    rest = rest[1:].lstrip()
    value = (
        rest[1:].split(rest[0], 1)[0] if rest[:1] in ("'", '"') else rest.split(maxsplit=1)[0] if rest else ""
    )
    return unescape(value)


class _Reader:
    def __init__(self) -> None:
        self.root = Node(kind=Kind.ROOT)
        self.open: list[tuple[str, Node]] = [("", self.root)]
        self.unread = ""

    @property
    def here(self) -> Node:
        return self.open[-1][1]

    def tag(self, said: str) -> None:
        """A tag that opens or closes something."""
        closes = said.startswith("/")
        name = said.lstrip("/").split(maxsplit=1)[0].rstrip("/").casefold() if said.strip("/ ") else ""
        if closes:
            self._end(name)
        elif name[:1].isalpha():
            self._start(name, said)

    def _start(self, tag: str, said: str) -> None:
        if self.unread or tag in _UNREAD:
            self.unread = self.unread or tag
            return
        if tag == "br":
            self._line().parts.append(Node(kind=Kind.BREAK))
            return
        kind = _TAGS.get(tag)
        if kind is None or len(self.open) >= MAX_DEPTH:
            return
        node = Node(kind=kind, text=_address(said) if kind is Kind.LINK else "")
        self._place(kind).parts.append(node)
        self.open.append((tag, node))

    def _place(self, kind: Kind) -> Node:
        """Where a node of that kind goes: a list in what holds blocks, an item in a list, words in a line."""
        if kind is Kind.ITEM:
            self._close_until({Kind.BULLETS, Kind.NUMBERS})
            if self.here.kind not in (Kind.BULLETS, Kind.NUMBERS):
                self._open_block(Kind.BULLETS, "ul")
        elif kind in (Kind.STRONG, Kind.EMPHASIS, Kind.CODE, Kind.LINK):
            return self._line()
        else:
            self._close_until(_HOLDS_BLOCKS)
        return self.here

    def _close_until(self, kinds: frozenset[Kind] | set[Kind]) -> None:
        """Close what cannot hold what comes, if something further out can."""
        if any(node.kind in kinds for _, node in self.open):
            while self.here.kind not in kinds:
                self.open.pop()
        else:
            del self.open[1:]

    def _open_block(self, kind: Kind, tag: str) -> None:
        node = Node(kind=kind)
        self.here.parts.append(node)
        self.open.append((tag, node))

    def _line(self) -> Node:
        """What can hold words here."""
        if self.here.kind in (Kind.ROOT, Kind.QUOTE):
            self._open_block(Kind.PARAGRAPH, "")
        elif self.here.kind in (Kind.BULLETS, Kind.NUMBERS):
            self._open_block(Kind.ITEM, "")
        return self.here

    def _end(self, tag: str) -> None:
        if self.unread:
            self.unread = "" if tag == self.unread else self.unread
            return
        if any(name == tag for name, _ in self.open[1:]):
            while self.open.pop()[0] != tag:
                continue

    def words(self, data: str) -> None:
        """Words between tags."""
        if self.unread:
            return
        if any(node.kind is Kind.CODE_BLOCK for _, node in self.open):
            block = next(node for _, node in self.open if node.kind is Kind.CODE_BLOCK)
            block.text += data
        elif self.here.kind is Kind.CODE:
            self.here.text += data
        elif data.strip():
            self._line().parts.append(Node(kind=Kind.WORDS, text=_spaced(data)))
        elif self.here.parts and self.here.kind not in (Kind.ROOT, Kind.BULLETS, Kind.NUMBERS, Kind.QUOTE):
            self.here.parts.append(Node(kind=Kind.WORDS, text=" "))


def _spaced(text: str) -> str:
    """White space means one space, as a browser shows it."""
    lead = " " if text[:1].isspace() else ""
    trail = " " if text[-1:].isspace() else ""
    return f"{lead}{' '.join(text.split())}{trail}"


def read(text: str) -> Node:
    """The tree of an HTML text, however broken it is."""
    reader = _Reader()
    for kind, said in _tokens(text):
        if kind == "tag":
            reader.tag(said)
        else:
            reader.words(unescape(said))
    return reader.root


_BLOCK_TAGS = {
    Kind.PARAGRAPH: "p",
    Kind.HEADING: "p",
    Kind.BULLETS: "ul",
    Kind.NUMBERS: "ol",
    Kind.ITEM: "li",
    Kind.QUOTE: "blockquote",
}
_LINE_TAGS = {Kind.STRONG: "strong", Kind.EMPHASIS: "em"}


def write(root: Node) -> str:
    """HTML of the tree."""
    return "\n".join(part for part in map(_block, root.parts) if part)


def _block(node: Node) -> str:
    if node.kind is Kind.CODE_BLOCK:
        return f"<pre><code>{escape(node.text)}</code></pre>"
    tag = _BLOCK_TAGS.get(node.kind)
    if tag is None:
        return _line(node)
    if node.kind is Kind.ITEM:
        return f"<li>{flowing(node, _block, _inner)}</li>"
    if node.kind in (Kind.BULLETS, Kind.NUMBERS, Kind.QUOTE):
        return f"<{tag}>{''.join(map(_block, node.parts))}</{tag}>"
    inner = _inner(node).strip()
    if node.kind is Kind.HEADING and inner:
        inner = f"<strong>{inner}</strong>"
    return f"<p>{inner}</p>" if inner else ""


def _inner(node: Node) -> str:
    return "".join(map(_line, node.parts))


def _line(node: Node) -> str:
    match node.kind:
        case Kind.BREAK:
            return "<br>"
        case Kind.CODE:
            return f"<code>{escape(node.text)}</code>"
        case Kind.LINK if is_safe(node.text):
            return f'<a href="{escape(node.text.strip())}">{_inner(node) or escape(node.text)}</a>'
        case Kind.STRONG | Kind.EMPHASIS:
            tag = _LINE_TAGS[node.kind]
            return f"<{tag}>{_inner(node)}</{tag}>"
        case _:
            return escape(node.text if node.kind is Kind.WORDS else "", quote=False) + _inner(node)
