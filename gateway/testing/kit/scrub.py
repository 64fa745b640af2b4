"""What a live desk said, made fit to be shown: no secret, no address of the desk, no name, mail address or number of a person,
no prose. The shape stays: keys, ids, times, short words and markup, and equal things stay equal."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<![\w:.-])\+?\d[\d ()/-]{7,}\d(?![\w:-])")
_NOT_A_PHONE = re.compile(r"^\d{4}-\d\d-\d\d|^\d+$")
_TAG = re.compile(r"(<[^<>]{0,500}>|&#?\w{1,10};)")
_PERSON = re.compile(
    r"^(id|name|login|user_?name|real_?name|first_?name|last_?name|nick_?name|display_?name|full_?name|author_name|organi[sz]ation)$",
    re.IGNORECASE,
)
_SECRET = re.compile(r"(token|secret|passw|api_?key|session|cookie|credential|signature)", re.IGNORECASE)
_PEOPLE = re.compile(
    r"(author|user|creator|owner|requestor|requester|assigned|assignee|actor|person|contact|agent|account|cc|watcher|nosy|member)",
    re.IGNORECASE,
)
_MASKED = re.compile(r"[x0@._+-]+", re.IGNORECASE)
_PROSE = 3
"""So many words in a row are prose; fewer may be a status."""


@dataclass(kw_only=True)
class Scrubber:
    """`secrets` are texts that must appear nowhere, `base_url` the desk's address, `keep` native words that stay as they are
    (statuses, priorities, our own account)."""

    secrets: Iterable[str] = ()
    base_url: str = ""
    keep: frozenset[str] = frozenset()
    people: dict[str, str] = field(default_factory=dict)

    def document(self, told: Any, *, within: str = "") -> Any:
        """A JSON document, scrubbed; `within` is the key it stands under."""
        if isinstance(told, Mapping):
            return {name: self._value(name, value, within) for name, value in told.items()}
        if isinstance(told, list):
            return [self.document(one, within=within) for one in told]
        return self.text(told) if isinstance(told, str) else told

    def _value(self, name: str, value: Any, within: str) -> Any:
        if isinstance(value, str) and value:
            if _SECRET.search(name):
                return "scrubbed"
            if self._names_somebody(name, value, within):
                return self._person(value)
        deeper = name if _PEOPLE.search(name) else within
        return self.document(value, within=deeper if isinstance(value, (Mapping, list)) else name)

    def _names_somebody(self, name: str, value: str, within: str) -> bool:
        """A name or login of a person, as such a key or as the very value of one like `requester`; numbers name nobody."""
        if value in self.keep or value.isdigit() or value.startswith(("http://", "https://")):
            return False
        return bool(_PEOPLE.search(name) or (_PERSON.match(name) and _PEOPLE.search(within)))

    def _person(self, name: str) -> str:
        return self.people.setdefault(name, f"Person {len(self.people) + 1}")

    def text(self, text: str) -> str:
        """A text: addresses and numbers of people replaced, prose made unreadable."""
        for secret in self.secrets:
            if secret:
                text = text.replace(secret, "scrubbed")
        text = text.replace(self.base_url.rstrip("/"), "https://desk.example") if self.base_url else text
        if text in self.keep:
            return text
        text = _MAIL.sub(self._mail, text)
        text = _PHONE.sub(lambda hit: hit[0] if _NOT_A_PHONE.match(hit[0]) else "+00 000 000", text)
        for name, stand_in in self.people.items():
            text = text.replace(name, stand_in) if len(name) > 2 else text
        return _masked(text) if len(_TAG.sub(" ", text).split()) >= _PROSE else text

    def _mail(self, hit: re.Match[str]) -> str:
        return self.people.setdefault(hit[0], f"person{len(self.people) + 1}@people.example")


def _masked(text: str) -> str:
    """Letters and digits of prose gone, markup and white space kept."""
    parts = _TAG.split(text)
    return "".join(
        part if place % 2 else re.sub(r"\d", "0", re.sub(r"[^\W\d_]", "x", part))
        for place, part in enumerate(parts)
    )


def left_over(document: Any, secrets: Iterable[str], base_url: str) -> list[str]:
    """What must not be in a fixture and is; the last look before it is written."""
    text = json.dumps(document, ensure_ascii=False)
    found = ["a secret" for secret in secrets if secret and secret in text]
    found += ["the desk's address"] if base_url and base_url.rstrip("/") in text else []
    strangers = {
        hit for hit in _MAIL.findall(text) if not hit.endswith(".example") and not _MASKED.fullmatch(hit)
    }
    return found + [f"the mail address {hit}" for hit in sorted(strangers)]
