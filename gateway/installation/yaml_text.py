"""YAML as data and nothing else: the words of YAML 1.2 (a country `NO` stays a text, 08:00 stays a time of day), no tags,
no merge keys, no duplicate keys, no bombs."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import yaml

from gateway.errors import Invalid

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_NODES = 200_000
"""After aliases are followed: a document of ten lines can say a billion things."""

_TAG = "tag:yaml.org,2002:"
# Numbers beyond 64 bits stay texts.
_WORDS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"-?(?:0|[1-9][0-9]{0,17})", "-0123456789"),
    ("float", r"-?(?:0|[1-9][0-9]{0,17})\.[0-9]{1,17}", "-0123456789"),
)


class _Loader(yaml.SafeLoader):
    """Only composes nodes, which are turned into values here; PyYAML's own constructors are never asked."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}  # type: ignore[misc]


for _name, _pattern, _first in _WORDS:
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(f"^(?:{_pattern})$"), list(_first))


def documents(text: bytes, *, source: str) -> list[Any]:
    """Every document of a YAML text, keys as texts. Raises Invalid naming the source, the line and what is wrong."""
    if len(text) > MAX_BYTES:
        raise _refused(source, f"it has {len(text)} bytes", f"at most {MAX_BYTES}; put long lists into CSV")
    try:
        loader = _Loader(text.decode("utf-8-sig"))
        return [_value(node, source) for node in _nodes(loader, source)]
    except UnicodeDecodeError as error:
        raise _refused(source, f"byte {error.start} is not UTF-8", "save the file as UTF-8") from error
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise _refused(source + line, str(error.problem or error.context)) from error
    except RecursionError as error:
        raise _refused(source, f"it is nested deeper than {MAX_DEPTH}") from error
    except yaml.YAMLError as error:
        raise _refused(source, "it holds characters that YAML does not allow") from error


def _refused(place: str, what: str, right: str = "") -> Invalid:
    problem = f"{place}: {what}" + (f"; {right}" if right else "")
    return Invalid("the file cannot be read", problems=(problem,))


def _nodes(loader: _Loader, source: str) -> Iterator[yaml.Node]:
    while loader.check_node():
        node = loader.get_node()
        if node is None:
            continue
        if _size(node, {}, 0, source) > MAX_NODES:
            raise _refused(source, "its aliases unfold into too much", f"at most {MAX_NODES} values")
        yield node


def _size(node: yaml.Node, known: dict[int, int], depth: int, source: str) -> int:
    """How many values the node stands for once aliases are followed; each node is counted once."""
    if depth > MAX_DEPTH:
        raise _refused(_at(source, node), f"it is nested deeper than {MAX_DEPTH}, or an alias holds itself")
    if id(node) not in known:
        known[id(node)] = 1 + sum(_size(inner, known, depth + 1, source) for inner in _inner(node))
    return known[id(node)]


def _inner(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def _at(source: str, node: yaml.Node) -> str:
    return f"{source} line {node.start_mark.line + 1}"


def _value(node: yaml.Node, source: str) -> Any:
    if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
        return _mapping(node, source)
    if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
        return [_value(inner, source) for inner in node.value]
    if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
        return _SCALARS[node.tag](_storable(node, source))
    right = "write plain values"
    raise _refused(_at(source, node), f"the tag {node.tag.removeprefix(_TAG)!r} is not allowed", right)


_SCALARS: Mapping[str, Callable[[str], Any]] = {
    _TAG + "str": str,
    _TAG + "int": int,
    _TAG + "float": float,
    _TAG + "bool": lambda text: text.lower() == "true",
    _TAG + "null": lambda _text: None,
}


def _storable(node: yaml.ScalarNode, source: str) -> str:
    """Escapes (`"\\0"`, `"\\ud800"`) can name signs that no database keeps."""
    text: str = node.value
    if any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text):
        raise _refused(_at(source, node), "it holds a sign that cannot be kept", "leave the escape out")
    return text


def _mapping(node: yaml.MappingNode, source: str) -> dict[str, Any]:
    """Keys stay the texts they were written as: a native status `1` or `true` is a word."""
    found: dict[str, Any] = {}
    for key, value in node.value:
        name = _storable(key, source) if isinstance(key, yaml.ScalarNode) else ""
        if not name:
            raise _refused(_at(source, key), "a name is missing before the colon")
        if name in found:
            raise _refused(_at(source, key), f"{name!r} stands there twice", "keep one of them")
        found[name] = _value(value, source)
    return found
