"""What is owed once rules at two desks have stopped answering each other about a status: while they did, nothing of it went
over the edge (`contest.at_rest`), so the desk above may still show what was said before. It is told once where the work
stands now. Rules that begin again at that, with no person in between, hear of it in words only, or they would never end."""

from collections.abc import Sequence
from datetime import datetime

from gateway.domain import conflicts, progress
from gateway.domain.case import Because, Case
from gateway.domain.conflicts import QUIETED, Standing, Turn
from gateway.domain.model import ActorKind, Event, Field, Hop


def settle(case: Case, hop: Hop) -> datetime | None:
    """Tell the desk above the hop where the work stands, if that is owed by now; returns when to ask again if it may be
    owed later."""
    if hop.parent_id is None:
        return None
    story = case.story()
    frozen = conflicts.found(story, Field.STATUS, hop.id)
    if not frozen or conflicts.is_quieted(frozen[-1], story):
        return None
    ends = (hop.id, hop.parent_id)
    if not conflicts.is_swinging(story, Field.STATUS, ends):
        return None
    turns = list(conflicts.turns(story, Field.STATUS, ends))
    if conflicts.standing(frozen[-1], story, now=case.now) is not Standing.QUIET:
        return turns[-1].observed_at + conflicts.QUIET_FROM
    event = case.record(
        QUIETED,
        hop,
        Because(cause_id=frozen[-1].id),
        {"conflict": frozen[-1].id, "field": Field.STATUS.value, "edge": hop.id},
    )
    if _last_told(story, hop, frozen[-1]) != hop.status.value:
        progress.tell_parent(case, hop, event, in_words=_began_again(story, hop, turns))
    return None


def _last_told(story: Sequence[Event], hop: Hop, frozen: Event) -> str | None:
    """The last status of the hop that the desk above was told before the edge was frozen."""
    place = next(place for place, one in enumerate(story) if one.id == (frozen.cause_id or frozen.id))
    told = [one.data["to"] for one in story[:place] if one.type == "status.changed" and one.hop_id == hop.id]
    return str(told[-1]) if told else None


def _began_again(story: Sequence[Event], hop: Hop, turns: Sequence[Turn]) -> bool:
    """Whether what was told at an earlier quiet set the rules off again."""
    people = [turn.observed_at for turn in turns if turn.by is ActorKind.PERSON]
    return any(
        one.type == QUIETED and one.data["edge"] == hop.id and (not people or one.observed_at > people[-1])
        for one in story
    )
