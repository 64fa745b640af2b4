"""Hostile values: what stands where a text, a number, an id, a moment or a whole document should."""

import random
from typing import Any
from urllib.parse import quote

import orjson

LONG = 20_000
TEXTS: tuple[str, ...] = (
    *("", " ", "\t", "\x00", "a\x00b", "\x1b[2J", "\r\nSet-Cookie: a=b", "\u202ecod.exe", "\ufeff", "\u2028"),
    *("\ud800", "a\udfffb", "😀" * 50, "ﷺ" * 200, "Z̸̢͝" * 99, "İ", "ß" * 3, "x" * LONG, "null", "undefined"),
    *("' OR 1=1 --", '"; DROP TABLE ticket; --', "%s%n%x", "{{7*7}}", "${jndi:ldap://x/y}", "$(id)", "`id`"),
    *("<script>alert(1)</script>", "=HYPERLINK(1)", "../../../etc/passwd", "..\\..\\a", "/", "//", ".", ".."),
    *("http://127.0.0.1:1/", "file:///etc/passwd", "http://[::1", "javascript:alert(1)", "http://①②⑦.⓪.⓪.①/"),
    *("-1", "0", "1e999", "-0", "NaN", "9" * 5_000, "0x7f", "１２", "٣", "1_000", "1.5", "+1", " 1"),
    *(
        "9999-12-31T23:59:59.999999-23:59",
        "0001-01-01T00:00:00+23:59",
        "2026-02-30T00:00:00Z",
        "24:00",
        "now",
    ),
    *(
        "2026-03-01T09:00:00",
        "2026-03-01T09:00:00+99:99",
        "2026-W53-7",
        "-0001-01-01T00:00:00Z",
        "99999-01-01",
    ),
    *("PT99999999999999H", "P1Y", "-PT1S", "a@b\r\nBcc: c@d", "a" * 300 + "@b.example", "EUR 1e400", "tkt_"),
    *("tkt_" + "0" * 26, "org_" + "v" * 26, "tkt_" + "z" * 9_000, "TKT_x", "hop_%00", "*", "?", "#", "a,b,c"),
    *("(a+)+$", "[" * 500, "(?P<a>", "a{99999}", "\\", "é", "e\u0301", "Å", "en-US-u-ca-buddhist", "xx-XX"),
)
NUMBERS: tuple[Any, ...] = (
    *(0, -1, 1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**64 - 1, 1e308, -1e308, 5e-324, 0.1, -0.0),
)
SHAPES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        [],
        {},
        [[]],
        [None],
        {"": ""},
        [{}],
        {"$ref": "#"},
        {"__proto__": {"a": 1}},
        ["a"] * 999,
    ),
    *({"a": {"b": {"c": {"d": {}}}}}, [1, "a", None], {"id": None}, [[[[[[]]]]]], {"x" * 999: 1}),
)


def value(dice: random.Random) -> Any:
    """One that fits nowhere, or almost."""
    return dice.choice(dice.choice((TEXTS, TEXTS, NUMBERS, SHAPES)))


def changed(dice: random.Random, document: Any) -> Any:
    """The document with one place in it spoilt: another value, one more name, one less."""
    if isinstance(document, dict) and document and dice.random() < 0.9:
        name = dice.choice(sorted(document))
        what = dice.random()
        if what < 0.1:
            return {one: kept for one, kept in document.items() if one != name}
        if what < 0.2:
            return {**document, dice.choice(TEXTS): value(dice)}
        return {**document, name: changed(dice, document[name])}
    if isinstance(document, list) and document and dice.random() < 0.8:
        at = dice.randrange(len(document))
        return [*document[:at], changed(dice, document[at]), *document[at + 1 :]]
    return value(dice)


def told(document: Any) -> bytes:
    """As JSON, also what no honest writer could write."""
    try:
        return orjson.dumps(document)
    except TypeError:
        return _with_halves(document)


def _with_halves(document: Any) -> bytes:
    if isinstance(document, dict):
        inner = (_with_halves(name) + b":" + _with_halves(one) for name, one in document.items())
        return b"{" + b",".join(inner) + b"}"
    if isinstance(document, list):
        return b"[" + b",".join(map(_with_halves, document)) + b"]"
    if isinstance(document, str):
        return b'"' + b"".join(b"\\u%04x" % ord(sign) for sign in document if ord(sign) < 65_536) + b'"'
    return orjson.dumps(document)


BROKEN: tuple[bytes, ...] = (
    *(
        b"{",
        b"}",
        b"[",
        b'{"a"',
        b'{"a":}',
        b"{'a': 1}",
        b"[1,]",
        b'"',
        b"nul",
        b"\xff\xfe{\x00}\x00",
        b"\x80",
    ),
    *(b"[" * 100_000, b'{"a":' * 20_000 + b"1" + b"}" * 20_000, b'{"a": NaN}', b'{"a": Infinity}', b"{}{}"),
    *(b'{"n": ' + b"9" * 5_000 + b"}", b'{"n": 1e999}', b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b"\x00"),
    *(
        b'{"a": "\\u0000"}',
        b'{"\\u0000": 1}',
        b"\xed\xa0\x80",
        b'{"a": "\xc0\xaf"}',
        b"\xef\xbb\xbf{}",
        b"<a/>",
    ),
    *(
        b"{" + b",".join(b'"k%d": 1' % n for n in range(10_001)) + b"}",
        b"[1" + b",1" * 60_000,
        b"\x1f\x8b\x08\x00",
    ),
    *('{"ключ": "значение"}'.encode("koi8-r"), b'{"a": "\n"}', b"a=b&c=d", b"--x\r\n\r\n--x--", b"/* */ {}"),
)
"""Bodies that are no JSON, or none that may be kept."""


def soup(dice: random.Random) -> bytes:
    """Bytes of no sort at all."""
    return dice.randbytes(dice.choice((1, 7, 64, 600)))


def segment(dice: random.Random) -> str:
    """A part of a path, escaped; some escapes are none."""
    text = dice.choice(TEXTS).encode("utf-8", "surrogatepass")
    return dice.choice(
        (quote(text, safe=""), "%ff%fe", "%", "%zz", "%2e%2e%2f", "%252e", quote(text[:40], safe=""))
    )


HEADERS: tuple[tuple[bytes, bytes], ...] = (
    *(
        (b"content-length", value)
        for value in (b"-1", b"x", b"9" * 400, b"0", b"1, 2", b"\xb2", "٣".encode())
    ),
    *((b"content-encoding", value) for value in (b"gzip", b"br, gzip", b"deflate", b"\xff", b"x" * 900)),
    *(
        (b"content-type", value)
        for value in (b"", b"\xff", b"text/plain; charset=utf-7", b"application/json; charset=utf-16")
    ),
    *(
        (b"content-type", value)
        for value in (b"multipart/form-data", b"multipart/form-data; boundary=" + b"-" * 900)
    ),
    *(
        (b"content-type", value)
        for value in (b"application/x-www-form-urlencoded", b"application/xml", b"a" * 60_000)
    ),
    *((b"accept", value) for value in (b"*" * 9_000, b"\x80", b"text/html;q=x", b",,,;;;")),
    *((b"accept-language", value) for value in (b"x" * 9_000, b"it;q=nan, ru;q=1e999", b"\xff\xff", b"*;q=")),
    *((b"if-none-match", value) for value in (b'"', b"W/", b"*", b"," * 9_000, b"\xff")),
    *((b"if-match", value) for value in (b'"', b"*", b'"' + b"a" * 9_000 + b'"')),
    *((b"idempotency-key", value) for value in (b"", b"k" * 201, b"\xff", b"a\x00b", b"same")),
    *(
        (b"x-forwarded-for", value)
        for value in (b"", b"not an address", b"::1," * 3_000, b"127.0.0.1", b"\xff")
    ),
    *(
        (b"cookie", value)
        for value in (b"=", b";" * 9_000, b"__Host-interdesk=\xff", b"__Host-session=x; a", b'"')
    ),
    *((b"host", value) for value in (b"", b"evil.example", b"[::1", b"a" * 9_000, b"\xff", b"a@b:99999")),
    *((b"origin", value) for value in (b"null", b"https://evil.example", b"\xff")),
    *((b"range", value) for value in (b"bytes=-1", b"bytes=" + b"0-1," * 4_000)),
    *(
        (b"x-" + b"y" * 4_000, b"z"),
        (b"x-many", b"m" * 65_000),
        (b"expect", b"100-continue"),
        (b"te", b"trailers"),
    ),
    *(
        (b"authorization", value)
        for value in (b"", b"Bearer", b"Bearer ", b"bearer \xff", b"Basic !!!", b"Basic Og==")
    ),
    *(
        (b"authorization", value)
        for value in (b"Bearer " + b"a" * 60_000, b"Bearer a.b.c", b"Digest x", b"Bearer fgw_live_x")
    ),
    *(
        (b"authorization", b"Bearer eyJhbGciOiJub25lIn0.e30."),
        (b"webhook-signature", b"v1," * 900),
        (b"webhook-timestamp", b"9" * 99),
    ),
    *(
        (b"x-ticket-sharing-version", b"\xff"),
        (b"x-ticket-sharing-token", b"a:\x80"),
        (b"sec-fetch-site", b"cross-site"),
    ),
)
