"""One tree of paragraphs, lists, quotes, code, emphasis and links, through which HTML, Markdown and plain text become each
other. Small on purpose: what it does not know becomes its words. Time and depth are bounded by the text's length."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

MAX_DEPTH = 30
"""What lies deeper is flattened into what holds it."""


class Kind(StrEnum):
    """What a node is. The first group are blocks, the second stand in a line."""

    ROOT = "root"
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    BULLETS = "bullets"
    NUMBERS = "numbers"
    ITEM = "item"
    QUOTE = "quote"
    CODE_BLOCK = "code_block"

    WORDS = "words"
    STRONG = "strong"
    EMPHASIS = "emphasis"
    CODE = "code"
    LINK = "link"
    BREAK = "break"


BLOCKS = frozenset(list(Kind)[: list(Kind).index(Kind.WORDS)])


@dataclass(kw_only=True)
class Node:
    """One node. `text`: of words and code; of a link its address."""

    kind: Kind
    text: str = ""
    parts: list["Node"] = field(default_factory=list)


def words(node: Node) -> str:
    """All words of a node, without any markup."""
    if node.kind in (Kind.WORDS, Kind.CODE, Kind.CODE_BLOCK):
        return node.text
    if node.kind is Kind.BREAK:
        return "\n"
    return "".join(words(part) for part in node.parts)


def is_safe(address: str) -> bool:
    """Whether an address may become a link: the web or a mailbox, never a script."""
    return address.strip().casefold().startswith(("https://", "http://", "mailto:"))


def read_plain(text: str) -> Node:
    """Paragraphs are parted by empty lines, lines by breaks."""
    root = Node(kind=Kind.ROOT)
    for block in _blocks(text):
        paragraph = Node(kind=Kind.PARAGRAPH)
        for number, line in enumerate(block):
            if number:
                paragraph.parts.append(Node(kind=Kind.BREAK))
            paragraph.parts.append(Node(kind=Kind.WORDS, text=line))
        root.parts.append(paragraph)
    return root


def _blocks(text: str) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.strip():
            found[-1].append(line.strip())
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def write_plain(root: Node) -> str:
    """Words; lists and quotes keep their marks, an address stands behind its words."""
    return "\n\n".join(part for part in (_plain_block(part) for part in root.parts) if part)


def _plain_block(node: Node) -> str:
    match node.kind:
        case Kind.BULLETS | Kind.NUMBERS:
            return listed(node, _plain_block)
        case Kind.QUOTE:
            return prefixed("\n\n".join(map(_plain_block, node.parts)), "> ")
        case Kind.CODE_BLOCK:
            return prefixed(node.text.rstrip("\n"), "    ")
        case Kind.ITEM:
            return flowing(node, _plain_block, plain_line)
        case _:
            return plain_line(node).strip()


def plain_line(node: Node) -> str:
    """The words of a line."""
    if node.kind is Kind.LINK:
        said = words(node).strip()
        return said if said == node.text or not node.text else f"{said} ({node.text})" if said else node.text
    return words(node) if not node.parts else "".join(plain_line(part) for part in node.parts)


def flowing(node: Node, block: Callable[[Node], str], line: Callable[[Node], str]) -> str:
    """What holds both words and blocks: words that follow each other are one line, blocks stand below."""
    found: list[str] = []
    run = Node(kind=Kind.PARAGRAPH)
    for part in (*node.parts, Node(kind=Kind.PARAGRAPH)):
        if part.kind in BLOCKS:
            if run.parts:
                found.append(line(run).strip())
                run = Node(kind=Kind.PARAGRAPH)
            found.append(block(part))
        else:
            run.parts.append(part)
    return "\n".join(part for part in found if part)


def listed(node: Node, item: Callable[[Node], str]) -> str:
    """A list with its marks, the lines of an item under each other."""
    rows = []
    for number, part in enumerate(node.parts, start=1):
        mark = f"{number}. " if node.kind is Kind.NUMBERS else "- "
        rows.append(mark + prefixed(item(part), " " * len(mark)).removeprefix(" " * len(mark)))
    return "\n".join(rows)


def prefixed(text: str, mark: str) -> str:
    """Every line behind a mark."""
    return "\n".join(f"{mark}{line}".rstrip() if line else mark.rstrip() for line in text.split("\n"))
