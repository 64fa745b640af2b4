"""What a link is certified by: situations, each a few acts at its two desks and at the gateway, and what must be seen after them.
Tables only; who plays them, and how, is `gateway.flows.certify`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.model import Condition, Desk, Field, HopStatus, Link, Passage
from gateway.domain.model.change import replace


class Side(StrEnum):
    """Where something is done or seen."""

    UPSTREAM = "upstream"
    DOWNSTREAM = "downstream"
    GATEWAY = "gateway"


class Does(StrEnum):
    """What is done, and what is seen."""

    OPEN = "open"
    STATUS = "status"
    SET = "set"
    SAY = "say"
    NOTE = "note"
    EDIT = "edit"
    ATTACH = "attach"
    WITHDRAW = "withdraw"
    OFFER = "offer"
    CONFIRM = "confirm"
    REJECT = "reject"
    BRAKE = "brake"
    LOOK = "look"
    STANDS = "stands"
    """The assignment has this status."""
    TOLD = "told"
    """Everything that was on its way to the ticket has arrived: two hands that write at once are another situation."""
    READS = "reads"
    """The text stands at the desk, exactly once; with the name `any` at least once: a reason may be told in two places."""
    LACKS = "lacks"
    """The text does not stand at the desk."""
    HOLDS = "holds"
    """A file of that size stands at the desk."""
    SHOWS = "shows"
    """The field has that value, in the desk's own word."""


SEEN = frozenset({Does.STANDS, Does.TOLD, Does.READS, Does.LACKS, Does.HOLDS, Does.SHOWS})


@dataclass(frozen=True, kw_only=True)
class Step:
    """One act or one look. `value` is a text, a canonical status or value, a file's name, `on` or `off` of the brake; `size`
    in bytes."""

    side: Side
    does: Does
    value: str = ""
    name: str = ""
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is played, on a ticket of its own."""

    name: str
    title: str
    steps: tuple[Step, ...] = field(default=())


def _up(does: Does, value: str = "", **more: str | int) -> Step:
    return replace(Step(side=Side.UPSTREAM, does=does, value=value), **more)


def _down(does: Does, value: str = "", **more: str | int) -> Step:
    return replace(Step(side=Side.DOWNSTREAM, does=does, value=value), **more)


def _gateway(does: Does, value: str = "") -> Step:
    return Step(side=Side.GATEWAY, does=does, value=value)


_TAKEN = (_down(Does.STATUS, "in_progress"), _down(Does.STANDS, "in_progress"))
_DONE = (*_TAKEN, _down(Does.STATUS, "resolved"), _down(Does.STANDS, "resolved"))
_PHOTO, _SMALL = 4_000_000, 2_000
_CYRILLIC = "Касса №4 не включается — 收银机, €, 😀"
_HOSTILE = "<script>alert(1)</script> & <b>{tag}</b> hostile"


def _situation(name: str, title: str, *steps: Step) -> Situation:
    return Situation(name=name, title=title, steps=steps)


SITUATIONS: Sequence[Situation] = (
    _situation("hand-over", "a ticket is handed over and taken", *_TAKEN, _up(Does.STANDS, "in_progress")),
    _situation(
        "refuse", "it is refused with a reason",
        _down(Does.SAY, "{tag} no van until Friday"), _down(Does.STATUS, "declined"), _down(Does.STANDS, "declined"),
        _up(Does.READS, "{tag} no van until Friday", name="any"),
    ),
    _situation(
        "reassign", "refused, it is offered once more",
        _down(Does.STATUS, "declined"), _down(Does.STANDS, "declined"), _gateway(Does.OFFER), _down(Does.STANDS, "offered"),
    ),
    _situation("withdraw", "it is taken back", *_TAKEN, _gateway(Does.WITHDRAW), _down(Does.STANDS, "withdrawn")),
    _situation(
        "pending", "a question waits for its answer",
        *_TAKEN, _down(Does.STATUS, "pending"), _down(Does.STANDS, "pending"), _up(Does.SAY, "{tag} it is till 7"),
        _down(Does.READS, "{tag} it is till 7"),
    ),
    _situation("resolve", "it is resolved and confirmed", *_DONE, _gateway(Does.CONFIRM), _down(Does.STANDS, "closed")),
    _situation(
        "reject", "the resolution is not accepted", *_DONE, _gateway(Does.REJECT), _down(Does.STANDS, "in_progress")
    ),
    _situation(
        "reopen", "after a rejection it is resolved again",
        *_DONE, _gateway(Does.REJECT), _down(Does.STANDS, "in_progress"), _down(Does.TOLD), _down(Does.STATUS, "in_progress"),
        _down(Does.STATUS, "resolved"), _down(Does.STANDS, "resolved"),
    ),
    _situation(
        "cancel", "the customer cancels",
        *_TAKEN, _up(Does.TOLD), _up(Does.STATUS, "cancelled"), _down(Does.STANDS, "withdrawn"),
    ),
    _situation("words down", "a comment goes down, once", _up(Does.SAY, "{tag} ring twice"), _down(Does.READS, "{tag} ring twice")),
    _situation(
        "words up", "a comment goes up, once", *_TAKEN, _down(Does.SAY, "{tag} on our way"), _up(Does.READS, "{tag} on our way")
    ),
    _situation(
        "alphabets", "Cyrillic, Chinese and signs arrive as they were",
        _up(Does.SAY, f"{{tag}} {_CYRILLIC}"), _down(Does.READS, f"{{tag}} {_CYRILLIC}"),
    ),
    _situation("hostile", "markup arrives as words", _up(Does.SAY, _HOSTILE), _down(Does.READS, "{tag}")),
    _situation(
        "private above", "an internal note stays where it is",
        _up(Does.NOTE, "{tag} safe code 4711"), _up(Does.SAY, "{tag} after it"), _down(Does.READS, "{tag} after it"),
        _down(Does.LACKS, "safe code 4711"),
    ),
    _situation(
        "private below", "and so does one below",
        *_TAKEN, _down(Does.NOTE, "{tag} they never pay"), _down(Does.SAY, "{tag} after it"), _up(Does.READS, "{tag} after it"),
        _up(Does.LACKS, "they never pay"),
    ),
    _situation(
        "large photo", "a photo of four million bytes goes down",
        _up(Does.ATTACH, "photo {n}.jpg", size=_PHOTO), _down(Does.HOLDS, "photo", size=_PHOTO),
    ),
    _situation(
        "file up", "a file with a strange name goes up",
        *_TAKEN, _down(Does.ATTACH, "отчёт (1) & co {n}.txt", size=_SMALL), _up(Does.HOLDS, "отчёт", size=_SMALL),
    ),
    _situation(
        "priority", "a new priority is told below",
        _up(Does.SET, "high", name="priority"), _down(Does.SHOWS, "high", name="priority"),
    ),
    _situation(
        "title", "a corrected title is told below",
        _up(Does.SET, "{tag} corrected", name="title"), _down(Does.SHOWS, "{tag} corrected", name="title"),
    ),
    _situation(
        "due", "a due date is told below",
        _up(Does.SET, "2031-05-06T10:00:00+00:00", name="due"), _down(Does.SHOWS, "2031-05-06T10:00:00+00:00", name="due"),
    ),
    _situation(
        "edited", "an edited comment does not stand twice",
        _up(Does.SAY, "{tag} gate 4"), _down(Does.READS, "{tag} gate 4"), _up(Does.EDIT, "{tag} gate 5"),
        _down(Does.READS, "{tag} gate 5"),
    ),
    _situation(
        "seen twice", "what is seen again is not told again",
        _up(Does.SAY, "{tag} once only"), _down(Does.READS, "{tag} once only"), _gateway(Does.LOOK), _gateway(Does.LOOK),
        _up(Does.SAY, "{tag} and then"), _down(Does.READS, "{tag} and then"), _down(Does.READS, "{tag} once only"),
    ),
    _situation(
        "outage", "what is said while nothing passes arrives after it",
        _gateway(Does.BRAKE, "on"), _up(Does.SAY, "{tag} first"), _up(Does.SAY, "{tag} second"), _gateway(Does.BRAKE, "off"),
        _down(Does.READS, "{tag} first"), _down(Does.READS, "{tag} second"),
    ),
)  # fmt: skip


_AS_WELL = {"declined": ("rejected", "returned"), "cancelled": ("rejected",)}
"""What a desk's people set where it has no word of that meaning, or none that they may use (RT: only who may delete)."""


def native_status(desk: Desk, word: str) -> str | None:
    """The desk's own word for it: what the gateway itself would write, if it reads as meant; else one that does."""
    wanted = (word, *_AS_WELL.get(word, ()))
    for one in wanted:
        written = desk.profile.write_statuses.get(HopStatus(one)) if one != "returned" else None
        if any(row.native == written and row.status in wanted for row in desk.profile.statuses):
            return written
        found = next((row.native for row in desk.profile.statuses if row.status == one), None)
        if found is not None:
            return found
    return None


def why_not(situation: Situation, link: Link, desks: tuple[Desk, Desk]) -> str:
    """Why it cannot be played on this link; "" if it can."""
    for step in situation.steps:
        if reason := _lack(step, link, desks):
            return reason
    return ""


def _lack(step: Step, link: Link, desks: tuple[Desk, Desk]) -> str:  # noqa: PLR0911 - a table in words
    if step.side is Side.GATEWAY or step.does in SEEN:
        return ""
    down = step.side is Side.UPSTREAM  # which way it goes from there
    here, there = desks if down else desks[::-1]
    crossing = link.crossing
    if step.does is Does.STATUS and native_status(here, step.value) is None:
        return f"{here.code} has no status that means {step.value}"
    if step.does is Does.NOTE and not here.capabilities.private_comments:
        return f"{here.code} has no internal notes"
    if step.does is Does.NOTE and (crossing.internal_notes_down if down else crossing.internal_notes_up):
        return "the link lets internal notes cross"
    if (
        step.does in (Does.SAY, Does.EDIT)
        and (crossing.comments_down if down else crossing.comments_up) == "stop"
    ):
        return "the link stops comments that way"
    if step.does is Does.EDIT and not here.capabilities.edits_comments:
        return f"{here.code} lets nobody edit a comment"
    if step.does is Does.ATTACH:
        return _no_file(step, link, (here, there), down=down)
    fields = crossing.fields_down if down else crossing.fields_up
    if step.does is Does.SET and step.name not in fields:
        return f"the link does not let {step.name} cross"
    if step.does is Does.SET and step.name not in there.capabilities.writable:
        return f"{there.code} has no field for {step.name}"
    return ""


def _no_file(step: Step, link: Link, desks: tuple[Desk, Desk], *, down: bool) -> str:
    crossing = link.crossing
    allowed = crossing.attachments_down if down else crossing.attachments_up
    if not allowed or not all(desk.capabilities.attachments for desk in desks):
        return "files do not cross that way"
    own = crossing.attachment_max_bytes_down if down else crossing.attachment_max_bytes_up
    least = min(
        own or crossing.attachment_max_bytes,
        *(desk.capabilities.attachment_max_bytes or step.size for desk in desks),
    )
    return f"files of more than {least} bytes do not cross" if step.size > least else ""


def opening_fields(passage: Passage) -> dict[str, str]:
    """What a new ticket must say so that it passes by itself, as far as equalities do; the partner's name where it is given."""
    named = {Field.DELEGATE.value: passage.delegate_as} if passage.delegate_as else {}
    return named or (_equals(passage.when) if passage.when is not None else {})


def _equals(condition: Condition) -> dict[str, str]:
    if condition.all is not None:
        return {name: value for one in condition.all for name, value in _equals(one).items()}
    if condition.any:
        return _equals(condition.any[0])
    value = condition.value if isinstance(condition.value, str) else condition.value[0]
    return {condition.field: value} if condition.field and condition.op in ("eq", "in") else {}


def filled(step: Step, *, tag: str, number: int) -> Step:
    """With the run's own mark in its words."""
    return replace(step, value=step.value.replace("{tag}", tag).replace("{n}", str(number)))


def instruction(step: Step, desk: Desk, ticket: str) -> str:
    """What a person at the desk is asked to do."""
    at = f"at {desk.code}, ticket {ticket}"
    if step.does is Does.OPEN:
        return f"at {desk.code}: open a ticket with the title “{step.value}”"
    if step.does is Does.STATUS:
        return f"{at}: set its status to “{native_status(desk, step.value)}”"
    if step.does is Does.SET:
        return f"{at}: set {step.name} to “{native_value(desk, step)}”"
    if step.does is Does.ATTACH:
        return f"{at}: attach a file “{step.value}” of {step.size} bytes, for the other side to see"
    words = {
        Does.SAY: "write, for the other side to see",
        Does.NOTE: "write an internal note",
        Does.EDIT: "change your last comment into",
    }
    return f"{at}: {words[step.does]}: “{step.value}”"


def native_value(desk: Desk, step: Step) -> str:
    """A value in the desk's own word."""
    if step.name == Field.PRIORITY:
        own = {word.value: native for word, native in desk.profile.write_priorities.items()}
        return own.get(step.value, step.value)
    return step.value
