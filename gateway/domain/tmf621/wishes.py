"""What a caller's document asks of its desk: a new ticket, or changes of one. Notes and files are only ever added; a note's
own party may mend its words."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.api_desk import NEEDS_REASON, Shown, State, Wanted, may_move, name_of, shown_as, state_of
from gateway.domain.in_house import DeskTicket, Part, PartKind
from gateway.domain.marks import ROUTE
from gateway.domain.model import Field
from gateway.domain.tmf621 import reading
from gateway.errors import Invalid, Refused


def opening(document: Mapping[str, Any]) -> Wanted:
    """What a new document asks for. Raises Invalid."""
    lacking = reading.lacking(reading.checked(document))
    if lacking:
        problems = tuple(f"{name}: is missing" for name in lacking)
        raise Invalid("the trouble ticket is not whole", problems=problems)
    fields = {Field.STATUS.value: State.ACKNOWLEDGED.value, **reading.fields(document)}
    return Wanted(
        fields=fields,
        notes=document.get("note") or (),
        files=document.get("attachment") or (),
        document=reading.of_party(document),
    )


def changing(
    ticket: DeskTicket,
    parts: Sequence[Part],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    touched: frozenset[str],
) -> Wanted:
    """What becomes of a ticket when its document is changed from `before` to `after`. Raises Invalid, and Refused for what
    the ticket's state does not allow."""
    reading.checked(after)
    _refuse_servers(before, after, touched)
    fields = _fields(ticket, before, after, touched)
    reason = str(after.get("statusChangeReason") or "") if "statusChangeReason" in touched else ""
    notes, edits = _notes(parts, before, after, touched)
    _refuse_moves(ticket, fields, reason, said=bool(notes) or _said_since(parts))
    document = dict(ticket.document)
    own = reading.of_party(after)
    for name in touched - reading.SERVERS - {"note", "attachment"}:
        document.pop(name, None)
        document |= {name: own[name]} if name in own else {}
    files = _files(before, after, touched)
    return Wanted(fields=fields, reason=reason, notes=notes, files=files, edits=edits, document=document)


def _refuse_servers(before: Mapping[str, Any], after: Mapping[str, Any], touched: frozenset[str]) -> None:
    wrong = sorted(name for name in reading.SERVERS & touched if after.get(name) != before.get(name))
    if wrong:
        raise Invalid(
            "only the server writes this", problems=tuple(f"{name}: is not patchable" for name in wrong)
        )


def _fields(
    ticket: DeskTicket, before: Mapping[str, Any], after: Mapping[str, Any], touched: frozenset[str]
) -> dict[str, str | None]:
    was, is_now = reading.fields(before), reading.fields(after)
    names = sorted((was.keys() | is_now.keys()) - {ROUTE})  # it is told once, with the ticket
    found: dict[str, str | None] = {n: is_now.get(n) for n in names if was.get(n) != is_now.get(n)}
    if "status" in touched and is_now.get(Field.STATUS) not in (None, state_of(ticket).value):
        found[Field.STATUS] = is_now[Field.STATUS]  # an offered job reads as acknowledged, and becomes it
    if Field.STATUS in found and found[Field.STATUS] is None:
        raise Invalid("the trouble ticket is not valid", problems=("status: cannot be removed",))
    if (
        Field.TITLE in found
        and "name" not in touched
        and ticket.fields.get(Field.TITLE) == before.get("name")
    ):
        del found[Field.TITLE]
    return found


def _refuse_moves(ticket: DeskTicket, fields: Mapping[str, str | None], reason: str, *, said: bool) -> None:
    word = fields.get(Field.STATUS)
    if word is None:
        return
    after = State(word)
    if not may_move(state_of(ticket), after):
        raise Refused(
            f"a ticket that is {state_of(ticket)} cannot become {after}",
            why="what is over stays so, and only what is resolved is closed",
            cure="open a new ticket that names this one" if state_of(ticket) is not State.OFFERED else "",
        )
    if after in NEEDS_REASON and not reason.strip() and not said:
        lacking = f"statusChangeReason: {after} needs its reason, or a note beside it"
        raise Invalid("the trouble ticket is not whole", problems=(lacking,))


def _said_since(parts: Sequence[Part]) -> bool:
    """Whether the party has said something since the status last moved: systems of theirs may tell words and moves apart."""
    for part in reversed(parts):
        if part.kind is PartKind.ENTRY and part.data["field"] == Field.STATUS:
            return False
        if part.kind is PartKind.COMMENT and not part.ours:
            return True
    return False


def _notes(
    parts: Sequence[Part], before: Mapping[str, Any], after: Mapping[str, Any], touched: frozenset[str]
) -> tuple[list[Mapping[str, Any]], dict[int, str]]:
    """New notes, and new words of known ones."""
    if "note" not in touched:
        return [], {}
    known = {
        name_of(part): part
        for part in parts
        if part.kind is PartKind.COMMENT and shown_as(part) is Shown.NOTE
    }
    shown = {note["id"]: note for note in before.get("note", ())}
    new: list[Mapping[str, Any]] = []
    edits: dict[int, str] = {}
    if not after.get("note") and shown:
        raise Invalid("notes are not taken away", problems=("note: notes may be added only",))
    for note in after.get("note") or ():
        part = known.get(str(note.get("id") or ""))
        if part is None:
            new.append(note)
        elif note["text"] != shown[name_of(part)]["text"]:
            edits[part.place] = _edit(part, str(note["text"]))
    return new, edits


def _edit(part: Part, text: str) -> str:
    if part.ours:
        raise Invalid("the other side's notes are its own", problems=(f"note.{name_of(part)}: is not yours",))
    return text


def _files(
    before: Mapping[str, Any], after: Mapping[str, Any], touched: frozenset[str]
) -> list[Mapping[str, Any]]:
    """New files: those that were not shown before, by their id or as they are."""
    if "attachment" not in touched:
        return []
    shown = list(before.get("attachment", ()))
    if not after.get("attachment") and shown:
        raise Invalid("files are not taken away", problems=("attachment: files may be added only",))
    ids = {str(file["id"]) for file in shown if file.get("id")}
    return [
        file
        for file in after.get("attachment") or ()
        if str(file.get("id") or "") not in ids and file not in shown
    ]
