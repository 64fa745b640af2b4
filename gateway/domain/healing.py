"""A drifted ticket set right: what somebody changed at its desk is a sighting like any other, what the desk lost of ours is
written again under the marks it had, what nobody may decide but a person is only told."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from gateway.domain import judge, queueing
from gateway.domain.case import Because, Case
from gateway.domain.drift import TEXTS, Cause, Drift, Evidence, Repair, absent, went_back
from gateway.domain.model import CommandKind, ContentKind, Copy, DeliveryState, Event, Source
from gateway.domain.model.change import replace

LOST = "lost:"
"""Begins the remote id of a copy that its desk lost: a desk that went back gives the same id to something else."""


def heal(case: Case, hop_id: str, evidence: Evidence, found: Sequence[Drift], *, at: datetime) -> None:
    """Repair by rule. `at`: the moment before the snapshot's first byte."""
    hop, snapshot = case.hops[hop_id], evidence.snapshot
    restored = snapshot.remote_id == hop.remote_id and went_back(hop, snapshot)
    lost = {
        one.what: _right(hop.shadow, one)
        for one in found
        if one.cause in (Cause.LOST, Cause.NOT_OURS) and _is_field(one)
    }
    missing = absent(evidence) if restored else ()
    known = replace(evidence.known, masked_fields=evidence.known.masked_fields | lost.keys())
    judge.observe(
        case,
        hop_id,
        judge.Sight(
            snapshot=replace(snapshot, complete=False) if restored else snapshot,
            known=known,
            looked_at=at,
            fetched_at=at,
        ),
    )
    if lost or missing:
        hop, shown = case.hops[hop_id], {name: snapshot.fields.get(name) for name in lost}
        case.know(hop, {**hop.shadow, **shown})
        again = {one.what for one in found if one.repair is Repair.REWRITE}
        _write_again(case, hop_id, {name: lost[name] for name in lost if name in again}, missing, evidence)


def _right(shadow: Mapping[str, str | None], one: Drift) -> str | None:
    """What is to stand there: the chain's value; where it has none, what stood there when the desk last agreed."""
    return one.wanted if one.shows == one.known else shadow.get(one.what)


def _is_field(one: Drift) -> bool:
    return not one.object_id and one.what != "ticket"


def _write_again(
    case: Case,
    hop_id: str,
    fields: Mapping[str, str | None],
    missing: Sequence[Copy],
    evidence: Evidence,
) -> None:
    hop = case.hops[hop_id]
    data = {"fields": sorted(fields), "contents": sorted(copy.content_id for copy in missing if copy.ours)}
    event = case.record("desk.reverted", hop, Because(source=Source.DIFFERENCE), data)
    queueing.update(case, hop, {name: value for name, value in fields.items() if name not in TEXTS}, event)
    texts = {name: evidence.writes[name].payload["texts"][name] for name in TEXTS & fields.keys()}
    if texts:
        shaped = [evidence.writes[name].payload.get("shapes", {}) for name in texts]
        shapes = {name: steps for each in shaped for name, steps in each.items() if name in texts}
        queueing.update_texts(case, hop, texts, event, {"shapes": shapes} if shapes else {})
    for copy in missing:
        case.changed_copies[copy.id] = replace(copy, remote_id=f"{LOST}{copy.id}", removed=True)
        if copy.ours:
            _say_again(case, hop_id, copy, event)


def _say_again(case: Case, hop_id: str, copy: Copy, event: Event) -> None:
    """A comment or file of ours: its desk is asked first whether it has it after all."""
    content = next((one for one in case.all_contents() if one.id == copy.content_id), None)
    if content is None:
        return
    hop, before = case.hops[hop_id], len(case.deliveries)
    if content.kind is ContentKind.NOTE:
        named = {"content_id": content.id, "visibility": copy.visibility, "note": True}
        queueing.queue(case, hop, CommandKind.COMMENT, about=content.id, event=event, **named)
    elif copy.kind is ContentKind.ATTACHMENT:
        queueing.attach(case, hop, content, copy.visibility, event)
    else:
        queueing.comment(case, hop, content, copy.visibility, event)
    for place in range(before, len(case.deliveries)):
        doubtful = {"state": DeliveryState.AMBIGUOUS, "probes": 1}
        case.deliveries[place] = replace(case.deliveries[place], **doubtful)
