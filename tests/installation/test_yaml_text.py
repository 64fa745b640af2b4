"""YAML is data: the words of YAML 1.2, no tags, no bombs, no duplicate keys; every refusal names its line."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Invalid
from gateway.installation import yaml_text
from gateway.installation.yaml_text import documents


def value(text: str) -> object:
    (document,) = documents(f"x: {text}\n".encode(), source="a.yaml")
    return document["x"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("08:00", "08:00"),
        ("12:30:45", "12:30:45"),
        ("00184", "00184"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("2026-03-01", "2026-03-01"),
        (".inf", ".inf"),
        ("1e3", "1e3"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", 1.5),
        ("9" * 18, int("9" * 18)),
        ("9" * 19, "9" * 19),
        ("9" * 400 + ".5", "9" * 400 + ".5"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("[1, a]", [1, "a"]),
        ("Ёлка", "Ёлка"),
    ],
)
def test_words(text: str, expected: object) -> None:
    assert value(text) == expected
    assert type(value(text)) is type(expected)


def test_keys_stay_the_texts_they_were_written_as() -> None:
    assert documents(b"{1: a, true: b, 08: c, no: d}", source="a") == [
        {"1": "a", "true": "b", "08": "c", "no": "d"}
    ]


def test_several_documents_an_empty_one_and_a_byte_order_mark() -> None:
    assert documents("\ufeffa: 1\n---\n---\nb: 2\n".encode(), source="a") == [{"a": 1}, None, {"b": 2}]
    assert documents(b"", source="a") == []


def test_aliases_repeat_what_they_name() -> None:
    assert documents(b"a: &x {b: 1}\nc: [*x, *x]\n", source="a") == [
        {"a": {"b": 1}, "c": [{"b": 1}, {"b": 1}]}
    ]


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"a: 1\nb: 2\na: 3\n", "a.yaml line 3: 'a' stands there twice; keep one of them"),
        (b"a:\n  b: c: d\n", "a.yaml line 2: mapping values are not allowed here"),
        (b"a: [1\n", "a.yaml line 2: expected ',' or ']'"),
        (b"a: *nowhere\n", "a.yaml line 1: found undefined alias 'nowhere'"),
        (b"a: !!python/object/apply:os.system [ls]\n", "line 1: the tag 'python/object/apply:os.system' is not allowed"),
        (b"a: !!binary aGVsbG8=\n", "line 1: the tag 'binary' is not allowed"),
        (b"a: !mine x\n", "line 1: the tag '!mine' is not allowed"),
        (b"a: !!set {x, y}\n", "line 1: the tag 'set' is not allowed"),
        (b"? [a, b]\n: 1\n", "line 1: a name is missing before the colon"),
        (b"'': 1\n", "line 1: a name is missing before the colon"),
        (b"a: &x [*x]\n", "an alias holds itself"),
        (b"a: \xff\n", "a.yaml: byte 3 is not UTF-8; save the file as UTF-8"),
        (b"a: \x07\n", "a.yaml: it holds characters that YAML does not allow"),
        (b'a: 1\nb: "x\\0"\n', "a.yaml line 2: it holds a sign that cannot be kept"),
        (b'"\\ud800": 1\n', "a.yaml line 1: it holds a sign that cannot be kept"),
        (BOMB.encode(), "a.yaml: its aliases unfold into too much"),
        (b"[" * 100 + b"]" * 100, "nested deeper than 40"),
        (b"[" * 100_000, "nested deeper than 40"),
        (b"x" * (yaml_text.MAX_BYTES + 1), "it has 1000001 bytes; at most 1000000"),
    ],
    ids=["twice", "colons", "open", "unknown alias", "python", "binary", "own tag", "set", "list as name", "no name",
         "itself", "latin", "control", "zero", "half a sign", "bomb", "deep", "very deep", "long"],
)  # fmt: skip
def test_what_is_refused_and_where(text: bytes, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        documents(text, source="a.yaml")

    assert says in str(raised.value)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_t26_any_bytes_are_read_or_refused(text: bytes) -> None:
    try:
        found = documents(text, source="a.yaml")
    except Invalid:
        return
    orjson.dumps(found)
