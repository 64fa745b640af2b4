"""What a link lets cross and one of its desks cannot hold: said before anybody misses it. That it then crosses in words, and in
which, is decided where each thing is told; what is refused when a link is made is `needs`."""

from collections.abc import Iterator

from gateway.domain import mapping
from gateway.domain.model import Crossing, Desk, Field, Link
from gateway.domain.preflight import Check

_ITS_OWN = frozenset({str(Field.TITLE), str(Field.DESCRIPTION), str(Field.ASSIGNEE)})
"""Texts are given when a ticket is made; an assignee is a name that stands in no field of the other side's."""
_SHOWN_IF_NAMED = frozenset({str(Field.RELATED), str(Field.PARTS), str(Field.RATING), str(Field.VISIT_FROM)})
"""What a product shows only where its settings, or it itself, name a field for it."""


def checks(link: Link, upstream: Desk, downstream: Desk) -> Iterator[Check]:
    """A line for each desk that cannot hold or show all that the link lets cross; none of them keeps it from going live."""
    crossing = link.crossing
    for desk, gets, gives in (
        (downstream, crossing.fields_down, crossing.fields_up),
        (upstream, crossing.fields_up, crossing.fields_down),
    ):
        below = desk is downstream
        told = [*_in_words(desk, gets, crossing, below=below), *_never_shown(desk, gives), *_apart(desk, crossing, below=below)]  # fmt: skip
        if told:
            yield Check(desk=desk.code, org_id=desk.org_id, name="carried", fine=True, must=False, what="; ".join(told))  # fmt: skip


def _in_words(desk: Desk, gets: frozenset[str], crossing: Crossing, *, below: bool) -> Iterator[str]:
    named = {*gets, *({str(Field.RATING)} if below and crossing.ratings_down else ())} - _ITS_OWN
    can = desk.capabilities
    lacks = sorted(one for one in named - {str(Field.DUE)} if not mapping.among(can.writable, one))
    if Field.DUE in named and can.due == "none":
        lacks.append(str(Field.DUE))
    if lacks:
        yield f"has no field for {', '.join(lacks)}: told in words"
    if Field.DUE in named and can.due == "date":
        yield "keeps the day of a due date: its time is told in words"


def _never_shown(desk: Desk, gives: frozenset[str]) -> Iterator[str]:
    wanted = {one for one in gives if one in _SHOWN_IF_NAMED or one.startswith("custom.")}
    lacks = sorted(one for one in wanted if not mapping.among(desk.capabilities.writable, one))
    if lacks:
        yield f"does not show {', '.join(lacks)}: nothing of it leaves there"


def _apart(desk: Desk, crossing: Crossing, *, below: bool) -> Iterator[str]:
    """What is no field."""
    can = desk.capabilities
    if (crossing.comments_down if below else crossing.comments_up) != "stop":
        if not can.edits_comments:
            yield "a comment that was changed is told once more"
        if not can.removes_comments:
            yield "of one that was taken back a note asks to remove it by hand"
    if (crossing.attachments_down or crossing.attachments_up) and not can.attachments:
        yield "takes and gives no files"
    if not below and crossing.worklogs_up and not can.private_comments:
        yield "has no internal notes: logged work stands in the list of work alone"
