"""Markdown to the text tree and back: paragraphs, lists, quotes, fenced code, emphasis, code and links. A mark that is not
closed is just a sign, and every search for its end is bounded, so that reading takes linear time."""

from collections.abc import Callable

from gateway.domain.rules.text_tree import MAX_DEPTH, Kind, Node, flowing, is_safe, listed, prefixed, words

MAX_SPAN = 2_000
"""So many characters ahead the end of a mark is looked for."""
_MARKS = ("**", "*", "`")
_SIGNS = frozenset("\\`*[]<>")


def read(text: str) -> Node:
    """The tree of a Markdown text."""
    return Node(kind=Kind.ROOT, parts=_blocks(text.splitlines(), 1))


def _blocks(lines: list[str], depth: int) -> list[Node]:
    found: list[Node] = []
    place = 0
    while place < len(lines):
        line = lines[place].strip()
        if not line:
            place += 1
        elif line.startswith("```"):
            node, place = _fenced(lines, place)
            found.append(node)
        elif depth < MAX_DEPTH and line.startswith(">"):
            taken = _while(lines, place, lambda each: each.lstrip().startswith(">"))
            inner = [each.lstrip()[1:].removeprefix(" ") for each in lines[place:taken]]
            found.append(Node(kind=Kind.QUOTE, parts=_blocks(inner, depth + 1)))
            place = taken
        elif depth < MAX_DEPTH and _mark(lines[place]):
            node, place = _list(lines, place, depth)
            found.append(node)
        else:
            taken = _while(lines, place + 1, _goes_on)
            found.append(_paragraph(lines[place:taken]))
            place = taken
    return found


def _while(lines: list[str], start: int, keeps: Callable[[str], bool]) -> int:
    place = start
    while place < len(lines) and keeps(lines[place]):
        place += 1
    return place


def _goes_on(line: str) -> bool:
    stripped = line.strip()
    return bool(stripped) and not stripped.startswith(("```", ">")) and not _mark(line)


def _fenced(lines: list[str], place: int) -> tuple[Node, int]:
    end = _while(lines, place + 1, lambda each: not each.strip().startswith("```"))
    return Node(kind=Kind.CODE_BLOCK, text="\n".join(lines[place + 1 : end])), end + 1


def _mark(line: str) -> str:
    """The mark of a list's item with what stands before it, or nothing."""
    stripped = line.lstrip()
    lead = line[: len(line) - len(stripped)]
    if stripped[:2] in ("- ", "* ", "+ "):
        return lead + stripped[:2]
    digits = len(stripped[:10]) - len(stripped[:10].lstrip("0123456789"))
    if digits and stripped[digits : digits + 2] in (". ", ") "):
        return lead + stripped[: digits + 2]
    return ""


def _list(lines: list[str], place: int, depth: int) -> tuple[Node, int]:
    is_number = _mark(lines[place]).strip()[0].isdigit()
    node = Node(kind=Kind.NUMBERS if is_number else Kind.BULLETS)
    indent = len(lines[place]) - len(lines[place].lstrip())
    while place < len(lines) and (mark := _mark(lines[place])):
        if len(mark) - len(mark.lstrip()) != indent or mark.strip()[0].isdigit() != is_number:
            break
        end = place + 1
        while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) > indent:
            end += 1
        inner = [
            lines[place][len(mark) :],
            *(each[min(len(mark), _lead(each)) :] for each in lines[place + 1 : end]),
        ]
        parts = _blocks(inner, depth + 1)
        node.parts.append(Node(kind=Kind.ITEM, parts=_unwrapped(parts)))
        place = end
    return node, max(place, 1)


def _lead(line: str) -> int:
    return len(line) - len(line.lstrip())


def _unwrapped(parts: list[Node]) -> list[Node]:
    """The words of an item's first paragraph stand in the item itself."""
    if parts and parts[0].kind is Kind.PARAGRAPH:
        return [*parts[0].parts, *parts[1:]]
    return parts


def _paragraph(lines: list[str]) -> Node:
    first = lines[0].strip()
    level = len(first) - len(first.lstrip("#"))
    if len(lines) == 1 and 0 < level <= 6 and first[level : level + 1] == " ":
        return Node(kind=Kind.HEADING, parts=_inline(first[level:].strip(), 1))
    node = Node(kind=Kind.PARAGRAPH)
    for number, line in enumerate(lines):
        if number:
            node.parts.append(Node(kind=Kind.BREAK))
        node.parts += _inline(line.strip(), 1)
    return node


def _inline(text: str, depth: int) -> list[Node]:
    found: list[Node] = []
    plain: list[str] = []
    place = 0
    while place < len(text):
        if text[place] == "\\" and place + 1 < len(text):
            plain.append(text[place + 1])
            place += 2
            continue
        span = _span(text, place, depth) if text[place] in "*`[" and depth < MAX_DEPTH else None
        if span is None:
            plain.append(text[place])
            place += 1
            continue
        if plain:
            found.append(Node(kind=Kind.WORDS, text="".join(plain)))
            plain = []
        found.append(span[0])
        place = span[1]
    return [*found, Node(kind=Kind.WORDS, text="".join(plain))] if plain else found


def _span(text: str, place: int, depth: int) -> tuple[Node, int] | None:
    """What a mark at this place opens, and where it ends."""
    if text[place] == "[":
        return _link(text, place, depth)
    mark = next(one for one in _MARKS if text.startswith(one, place))
    start = place + len(mark)
    end = text.find(mark, start, start + MAX_SPAN)
    if end <= start:
        return None
    inner = text[start:end]
    if mark == "`":
        return Node(kind=Kind.CODE, text=inner), end + 1
    kind = Kind.STRONG if mark == "**" else Kind.EMPHASIS
    return Node(kind=kind, parts=_inline(inner, depth + 1)), end + len(mark)


def _link(text: str, place: int, depth: int) -> tuple[Node, int] | None:
    middle = text.find("](", place, place + MAX_SPAN)
    end = text.find(")", middle, middle + MAX_SPAN) if middle > 0 else -1
    if end < 0:
        return None
    address = text[middle + 2 : end].strip()
    return Node(kind=Kind.LINK, text=address, parts=_inline(text[place + 1 : middle], depth + 1)), end + 1


def write(root: Node) -> str:
    """Markdown of the tree; signs that would be marks are escaped."""
    return "\n\n".join(part for part in map(_block, root.parts) if part)


def _block(node: Node) -> str:
    match node.kind:
        case Kind.BULLETS | Kind.NUMBERS:
            return listed(node, _block)
        case Kind.QUOTE:
            return prefixed("\n\n".join(map(_block, node.parts)), "> ")
        case Kind.CODE_BLOCK:
            return f"```\n{node.text.strip(chr(10))}\n```"
        case Kind.ITEM:
            return flowing(node, _block, _inner)
        case Kind.HEADING:
            return f"**{_inner(node).strip()}**"
        case _:
            return _inner(node).strip()


def _inner(node: Node) -> str:
    return "".join(map(_line, node.parts))


def _line(node: Node) -> str:
    match node.kind:
        case Kind.WORDS:
            return "".join(f"\\{sign}" if sign in _SIGNS else sign for sign in node.text)
        case Kind.CODE:
            return f"`{node.text.replace('`', chr(39))}`"
        case Kind.STRONG | Kind.EMPHASIS:
            mark = "**" if node.kind is Kind.STRONG else "*"
            return f"{mark}{_inner(node)}{mark}"
        case Kind.LINK if is_safe(node.text):
            return f"[{_inner(node) or words(node)}]({node.text.strip().replace(')', '%29').replace(' ', '%20')})"
        case Kind.BREAK:
            return "\n"
        case _:
            return _inner(node)
