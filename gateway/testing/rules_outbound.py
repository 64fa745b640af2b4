"""The contract of the outbound calls: rules over every fixtures/out conversation. A rule yields what is wrong, in words."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from gateway.connector import Effect, Response
from gateway.domain.model import CommandKind, Page, Receipt, Snapshot
from gateway.errors import DeskError, InterdeskError
from gateway.testing.differences import difference
from gateway.testing.fixtures import Subject, Talk, error_named
from gateway.testing.notation import moments_in, public_parts, public_words, write
from gateway.testing.playback import Answer, Played, play
from gateway.testing.spoil import without_keys
from gateway.testing.verdicts import answer_of

Rule = Callable[[Subject, Talk], Iterator[str]]

WIRE_ERRORS = (
    "DeskUnavailable",
    "DeskThrottled",
    "DeskStale",
    "DeskUncertain",
    "DeskDenied",
    "DeskRejected",
    "DeskGone",
    "AnswerUnreadable",
)
"""What the wire throws for 5xx and time-outs before a write, 429, 412/409, time-outs after it, 401/403, 4xx, 404, HTML."""

LOGIN_PAGE = b"<!doctype html><html><title>Sign in</title><form action=/login></form></html>"


def _recorded(subject: Subject, talk: Talk) -> list[Answer]:
    return [answer_of(step, subject.connector.manifest) for step in talk.steps]


def _play(subject: Subject, talk: Talk, answers: Sequence[Answer]) -> Played:
    return play(talk.begin(subject.connector), answers)


def says_what_is_recorded(subject: Subject, talk: Talk) -> Iterator[str]:
    """Exactly the recorded requests are made, and exactly the recorded result or error comes of it."""
    played = _play(subject, talk, _recorded(subject, talk))
    asked = write(played.requests)
    wanted = write([step.request for step in talk.steps])
    if asked != wanted:
        yield f"asked for something else:\n{difference(asked, wanted)}"
    elif played.unanswered:
        yield f"asks for more than is recorded: {played.unanswered.method} {played.unanswered.path}"
    yield from _ending(talk, played)


def _ending(talk: Talk, played: Played) -> Iterator[str]:
    if talk.error:
        if type(played.error).__name__ != talk.error:
            yield f"should end with {talk.error}, but: {played.error!r} {played.result!r}"
    elif played.error:
        yield f"ends with {played.error!r}"
    elif played.returned and write(played.result) != talk.expect:
        yield f"returned something else:\n{difference(write(played.result), talk.expect)}"


def has_one_effect(subject: Subject, talk: Talk) -> Iterator[str]:
    """A push ends with one WRITE, PREPAREs stand before it, READs anywhere; every other call only reads."""
    played = _play(subject, talk, _recorded(subject, talk))
    effects = [request.effect for request in played.requests]
    if talk.call != "push":
        if set(effects) - {Effect.READ}:
            yield f"{talk.call} may only read, but: {', '.join(effects)}"
        return
    writes = effects.count(Effect.WRITE)
    if writes > 1 or (writes == 0 and played.returned):
        yield f"a push has one WRITE, here are {writes}"
    if Effect.WRITE in effects and Effect.PREPARE in effects[effects.index(Effect.WRITE) :]:
        yield "a PREPARE after the WRITE"


def requests_are_well_formed(subject: Subject, talk: Talk) -> Iterator[str]:
    """Paths stay at the desk, one body at most, no credentials and no hook secret anywhere."""
    for request in _play(subject, talk, _recorded(subject, talk)).requests:
        origin = urlsplit(request.path)
        here = origin.scheme and origin.scheme == talk.desk.capabilities.kept_here
        elsewhere = (origin.scheme or origin.netloc) and not request.path.startswith(talk.desk.base_url)
        if elsewhere and not here and not request.bare:
            yield f"{request.path} is not at the desk"
        if sum(body is not None for body in (request.json, request.form, request.content, request.blob)) > 1:
            yield f"{request.method} {request.path} has more than one body"
        if {name.lower() for name in request.headers} & {"authorization", "cookie", "host", "content-length"}:
            yield f"{request.method} {request.path} sets a header that belongs to the wire"
        if any(secret.decode(errors="replace") in repr(request) for secret in talk.desk.hook_secrets):
            yield f"{request.method} {request.path} carries the hook secret"


def errors_come_through(subject: Subject, talk: Talk) -> Iterator[str]:
    """Whatever the wire throws at whichever request ends the call at once, as that error: no retry, nothing swallowed."""
    recorded = _recorded(subject, talk)
    for at in range(len(recorded)):
        for name in WIRE_ERRORS:
            error = error_named(name)
            played = _play(subject, talk, [*recorded[:at], error])
            words = f"{name} at request {at + 1}"
            if played.returned:
                yield f"{words} was swallowed"
            elif played.unanswered:
                yield f"{words} was answered with another request: {played.unanswered.method} {played.unanswered.path}"
            elif not _comes_from(played.error, error):
                yield f"{words} became {played.error!r}"


def _comes_from(raised: BaseException | None, error: Exception) -> bool:
    """The very error, or another of our desk errors raised `from` it."""
    if raised is error:
        return True
    return isinstance(raised, DeskError) and raised.__cause__ is error


def wrong_answers_are_noticed(subject: Subject, talk: Talk) -> Iterator[str]:
    """A login page, null, a bare text or an empty mapping where the desk answers JSON is AnswerUnreadable (a write's
    answer may go unread only if a read after it proves the effect)."""
    recorded = _recorded(subject, talk)
    for at, answer in enumerate(recorded):
        for words, spoilt in _spoilt(answer):
            played = _play(subject, talk, [*recorded[:at], spoilt, *recorded[at + 1 :]])
            yield from _noticed(f"{words} as answer {at + 1}", talk, played, at)


def _spoilt(answer: Answer) -> Iterator[tuple[str, Response]]:
    if not isinstance(answer, Response) or not answer.body:
        return
    try:
        document = json.loads(answer.body)
    except ValueError:
        return
    yield (
        "a login page",
        replace(answer, body=LOGIN_PAGE, headers={"content-type": "text/html; charset=utf-8"}),
    )
    for words, other in (
        ("null", None),
        ("a bare text", "ok"),
        ("an empty mapping", {}),
        ("an empty list", []),
    ):
        if other != document and not (isinstance(document, list) and other == []):
            yield words, replace(answer, body=json.dumps(other).encode())


def _noticed(words: str, talk: Talk, played: Played, at: int) -> Iterator[str]:
    if talk.error:
        return
    if played.error is not None and not isinstance(played.error, InterdeskError):
        yield f"{words}: raises {played.error!r}; wrap the reading in shaped(AnswerUnreadable, …)"
    unread_write = talk.steps[at].request.effect is not Effect.READ
    proved = any(request.effect is Effect.READ for request in played.requests[at + 1 :])
    if played.returned and not (unread_write and proved):
        yield f"{words} went unnoticed: returned {played.result!r}"


def missing_keys_harm_nothing(subject: Subject, talk: Talk) -> Iterator[str]:
    """With any key gone from any answer the call returns or raises one of our errors; nothing private turns public."""
    recorded = _recorded(subject, talk)
    first = _play(subject, talk, recorded)
    for at, answer in enumerate(recorded):
        for words, document in _fewer_keys(answer):
            spoilt = replace(_response(answer), body=json.dumps(document).encode())
            played = _play(subject, talk, [*recorded[:at], spoilt, *recorded[at + 1 :]])
            if played.error is not None and not isinstance(played.error, InterdeskError):
                yield f"answer {at + 1} {words}: {played.error!r}"
            if first.returned and _turned_public(first.result, played.result):
                yield f"answer {at + 1} {words}: something private became public"
            if any(moment.tzinfo is None for moment in moments_in(played.result)):
                yield f"answer {at + 1} {words}: a moment without its offset"


def _response(answer: Answer) -> Response:
    if isinstance(answer, Response):
        return answer
    raise TypeError(f"{answer!r} is no response")


def _fewer_keys(answer: Answer) -> Iterator[tuple[str, Any]]:
    if not isinstance(answer, Response):
        return
    try:
        document = json.loads(answer.body)
    except ValueError:
        return
    yield from without_keys(document)


def _turned_public(before: object, after: object) -> bool:
    """Whether something is public now that was not: neither by its id nor by its words."""
    was, now = _snapshots(before), _snapshots(after)
    return bool(public_parts(now) - public_parts(was) and public_words(now) - public_words(was))


def _snapshots(result: object) -> list[Snapshot | None]:
    if isinstance(result, Page):
        return [sighting.snapshot for sighting in result.sightings]
    if isinstance(result, Receipt):
        return [result.snapshot]
    return [result if isinstance(result, Snapshot) else None]


def moments_are_aware(subject: Subject, talk: Talk) -> Iterator[str]:
    """Every moment carries its offset."""
    for at in moments_in(_play(subject, talk, _recorded(subject, talk)).result):
        if at.tzinfo is None:
            yield f"{at} has no offset"


def read_back_is_foreseen(subject: Subject, talk: Talk) -> Iterator[str]:
    """What a read-back shows of a written field is `normalised(sent)`, so that it is not taken for a human's edit."""
    if talk.call != "push" or talk.command is None:
        return
    result = _play(subject, talk, _recorded(subject, talk)).result
    if not isinstance(result, Receipt) or result.snapshot is None:
        return
    for name, sent in talk.command.fields.items():
        shown = result.snapshot.fields.get(name, sent)
        foreseen = subject.connector.normalised(name, sent, talk.desk)
        if name not in talk.remapped and name in result.snapshot.fields and shown != foreseen:
            yield f"{name}: sent {sent!r}, normalised says {foreseen!r}, the desk shows {shown!r}"


def receipts_prove(subject: Subject, talk: Talk) -> Iterator[str]:
    """A receipt names the ticket; of a create its marker, of a comment or file the object where the desk has ids."""
    if talk.call not in ("push", "find") or talk.command is None:
        return
    result = _play(subject, talk, _recorded(subject, talk)).result
    for receipt in [result] if isinstance(result, Receipt) else result or ():
        if not receipt.remote_id:
            yield "a receipt without the ticket's id"
        if talk.command.remote_id is not None and receipt.remote_id != talk.command.remote_id:
            yield f"the command is for {talk.command.remote_id}, the receipt for {receipt.remote_id}"
        if (
            talk.call == "find"
            and talk.command.kind is CommandKind.CREATE
            and receipt.marker != talk.command.marker
        ):
            yield "find: a ticket without the marker that was looked for"


RULES: tuple[Rule, ...] = (
    says_what_is_recorded,
    has_one_effect,
    requests_are_well_formed,
    errors_come_through,
    wrong_answers_are_noticed,
    missing_keys_harm_nothing,
    moments_are_aware,
    read_back_is_foreseen,
    receipts_prove,
)
