"""The contract of `verify` and `parse`: rules over every fixtures/in message. A rule yields what is wrong, in words."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.domain.model import Desk, Message, Sighting
from gateway.errors import SignatureInvalid, Unreadable
from gateway.testing.differences import difference
from gateway.testing.fixtures import Received, Subject
from gateway.testing.notation import moments_in, public_parts, write
from gateway.testing.spoil import spoiled

Rule = Callable[[Subject, Received], Iterator[str]]

OTHER_SECRET = b"another-secret-that-signed-nothing"

GARBAGE: Mapping[str, bytes] = {
    "an empty body": b"",
    "no JSON": b"<html><body>Sign in</body></html>",
    "half a body": b'{"ticket": {"id": 7, "title": "half',
    "an empty mapping": b"{}",
    "an empty list": b"[]",
    "null": b"null",
    "a number": b"7",
    "a text": b'"ticket"',
    "no UTF-8": b'{"ticket": "\xff\xfe"}',
    "deep nesting": b"[" * 100_000 + b"]" * 100_000,
    "NUL": b"\x00",
}

STRANGE_HEADERS = (
    "",
    "0",
    "-1",
    "9" * 5000,
    "nan",
    "\u00e9\u4e2d",
    "v1,",
    "sha256=",
    "=",
    ",",
    "\x00",
    "1e400",
)


def means_what_is_recorded(subject: Subject, received: Received) -> Iterator[str]:
    """The message verifies, and parses to exactly the recorded sightings (or deserves the recorded error)."""
    connector, desk, message = subject.connector, received.desk, received.message
    raised = _raised(lambda: connector.verify(message, desk, now=received.now))
    if received.error == "SignatureInvalid":
        if not isinstance(raised, SignatureInvalid):
            yield f"verify should have refused it, but: {raised!r}"
        return
    if raised is not None:
        yield f"verify refuses it: {raised!r}"
    yield from _parses(subject, received)


def _parses(subject: Subject, received: Received) -> Iterator[str]:
    try:
        found = write(list(subject.connector.parse(received.message, received.desk)))
    except Exception as error:  # noqa: BLE001 - what a plug-in raises is what the suite judges
        if type(error).__name__ != received.error:
            yield f"parse raises {error!r}, expected {received.error or 'sightings'}"
        return
    if received.error:
        yield f"parse should raise {received.error}, but found {len(found)} sightings"
    elif found != received.expect:
        yield f"parse found something else:\n{difference(found, received.expect)}"


def changed_bytes_are_refused(subject: Subject, received: Received) -> Iterator[str]:
    """A signed message with one byte changed, cut or added anywhere in its body is not the desk's."""
    if not subject.connector.manifest.capabilities.signed_webhooks or received.error == "SignatureInvalid":
        return
    body = received.message.body
    for at in sorted({0, len(body) // 3, len(body) // 2, max(len(body) - 1, 0)}):
        flipped = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :] if body else b"x"
        yield from _refused(subject, received, f"byte {at} changed", body=flipped)
    yield from _refused(subject, received, "one byte added", body=body + b" ")
    yield from _refused(subject, received, "the last byte cut", body=body[:-1] if body else b"x")


def strangers_are_refused(subject: Subject, received: Received) -> Iterator[str]:
    """Without its proof, with another desk's secret or with none, a message is refused; during rotation both pass."""
    if received.error == "SignatureInvalid":
        return
    yield from _refused(subject, received, "headers and query taken away", headers={}, query={})
    yield from _refused(subject, received, "the desk has another secret", secrets=(OTHER_SECRET,))
    yield from _refused(subject, received, "the desk has no secret", secrets=())
    own = received.desk.hook_secrets
    for secrets in ((OTHER_SECRET, *own), (*own, OTHER_SECRET)):
        desk = replace(received.desk, hook_secrets=secrets)
        raised = _raised(lambda desk=desk: subject.connector.verify(received.message, desk, now=received.now))  # type: ignore[misc]
        if raised is not None:
            yield f"refused during rotation of the secret: {raised!r}"


def old_messages_are_refused(subject: Subject, received: Received) -> Iterator[str]:
    """A signed time stamp a day off, in the past or the future, is not accepted (unless the vendor signs none)."""
    if received.replayable or received.error == "SignatureInvalid":
        return
    if not subject.connector.manifest.capabilities.signed_webhooks:
        return
    for words, shift in (("a day later", timedelta(days=1)), ("a day earlier", timedelta(days=-1))):
        yield from _refused(subject, received, f"verified {words}", now=received.now + shift)


def strange_headers_are_refused(subject: Subject, received: Received) -> Iterator[str]:
    """Whatever stands in a header or the query, verify either passes or says SignatureInvalid, and nothing else."""
    message = received.message
    for name in message.headers:
        for value in STRANGE_HEADERS:
            yield from _only_refuses(
                subject, received, replace(message, headers={**message.headers, name: value})
            )
    for name in message.query:
        for value in STRANGE_HEADERS:
            yield from _only_refuses(
                subject, received, replace(message, query={**message.query, name: value})
            )
    for body in GARBAGE.values():
        yield from _only_refuses(subject, received, replace(message, body=body))


def _only_refuses(subject: Subject, received: Received, message: Message) -> Iterator[str]:
    raised = _raised(lambda: subject.connector.verify(message, received.desk, now=received.now))
    if raised is not None and not isinstance(raised, SignatureInvalid):
        yield f"verify raises {raised!r} for headers {_cut(message.headers)} query {_cut(message.query)}"


def garbage_is_unreadable(subject: Subject, received: Received) -> Iterator[str]:
    """What is no message of this desk raises Unreadable, never another error and never an empty list."""
    for words, body in GARBAGE.items():
        message = replace(received.message, body=body)
        try:
            found = subject.connector.parse(message, received.desk)
        except Unreadable:
            continue
        except Exception as error:  # noqa: BLE001 - what a plug-in raises is what the suite judges
            yield f"{words}: {error!r}"
        else:
            yield f"{words}: parsed to {found!r}"


def broken_fields_harm_nothing(subject: Subject, received: Received) -> Iterator[str]:
    """With any key gone or any value of another kind, parse finds sightings or says Unreadable; moments stay aware,
    remote ids stay texts, and no comment becomes public that was not."""
    public = _public(_sightings(subject, received.message, received.desk))
    for words, document in _variants(received.message):
        message = replace(received.message, body=json.dumps(document).encode())
        try:
            found = subject.connector.parse(message, received.desk)
        except Unreadable:
            continue
        except Exception as error:  # noqa: BLE001 - what a plug-in raises is what the suite judges
            yield f"{words}: {error!r}"
            continue
        yield from _harm(words, found, public)


def _variants(message: Message) -> Iterator[tuple[str, Any]]:
    try:
        document = json.loads(message.body)
    except ValueError:
        return
    yield from spoiled(document)


def _harm(words: str, found: Sequence[Sighting], public: set[str]) -> Iterator[str]:
    if any(at.tzinfo is None for at in moments_in(found)):
        yield f"{words}: a moment without its offset"
    ids: list[object] = [sighting.remote_id for sighting in found]
    if not all(isinstance(remote_id, str) and remote_id for remote_id in ids):
        yield f"{words}: a remote id that is no text: {ids!r}"
    if (words.endswith("= None") or words.startswith("without ")) and _public(found) - public:
        yield f"{words}: a private comment became public"


def _public(found: Sequence[Sighting]) -> set[str]:
    return public_parts(sighting.snapshot for sighting in found)


def moments_are_aware(subject: Subject, received: Received) -> Iterator[str]:
    """Every moment carries its offset."""
    for at in moments_in(_sightings(subject, received.message, received.desk)):
        if at.tzinfo is None:
            yield f"{at} has no offset"


def unsigned_is_a_hint_only(subject: Subject, received: Received) -> Iterator[str]:
    """What anybody could have written carries no snapshot: the gateway fetches instead."""
    if subject.connector.manifest.capabilities.signed_webhooks:
        return
    if any(sighting.snapshot for sighting in _sightings(subject, received.message, received.desk)):
        yield "a snapshot from an unsigned message"


def parse_is_pure(subject: Subject, received: Received) -> Iterator[str]:
    """The same message means the same twice."""
    first = _sightings(subject, received.message, received.desk)
    if first != _sightings(subject, received.message, received.desk):
        yield "parsed twice, it meant two things"


def secrets_stay_out(subject: Subject, received: Received) -> Iterator[str]:
    """Neither results nor refusals show a hook secret."""
    stranger = replace(received.message, headers={}, query={})
    raised = _raised(lambda: subject.connector.verify(stranger, received.desk, now=received.now))
    shown = (
        f"{raised!s} {raised!r} {_sightings(subject, received.message, received.desk)!r} {received.desk!r}"
    )
    if any(secret.decode(errors="replace") in shown for secret in received.desk.hook_secrets):
        yield "a hook secret can be read in a repr or a refusal"


def _refused(  # noqa: PLR0913 - what to change is named by keyword
    subject: Subject,
    received: Received,
    words: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    secrets: tuple[bytes, ...] | None = None,
    now: Any = None,
) -> Iterator[str]:
    message = replace(
        received.message,
        body=received.message.body if body is None else body,
        headers=received.message.headers if headers is None else headers,
        query=received.message.query if query is None else query,
    )
    desk = received.desk if secrets is None else replace(received.desk, hook_secrets=secrets)
    raised = _raised(lambda: subject.connector.verify(message, desk, now=now or received.now))
    if not isinstance(raised, SignatureInvalid):
        yield f"{words}: verify should refuse it with SignatureInvalid, but: {raised!r}"


def _raised(call: Callable[[], object]) -> Exception | None:
    try:
        call()
    except Exception as error:  # noqa: BLE001 - what a plug-in raises is what the suite judges
        return error
    return None


def _sightings(subject: Subject, message: Message, desk: Desk) -> Sequence[Sighting]:
    try:
        return list(subject.connector.parse(message, desk))
    except Unreadable:
        return []


def _cut(values: Mapping[str, str]) -> str:
    return repr({name: value[:20] for name, value in values.items()})


RULES: tuple[Rule, ...] = (
    means_what_is_recorded,
    changed_bytes_are_refused,
    strangers_are_refused,
    old_messages_are_refused,
    strange_headers_are_refused,
    garbage_is_unreadable,
    broken_fields_harm_nothing,
    moments_are_aware,
    unsigned_is_a_hint_only,
    parse_is_pure,
    secrets_stay_out,
)
