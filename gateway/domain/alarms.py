"""Raising, climbing and ending warnings: one for each clock or neglected job, with the letters it sends. Which mark is
reached is `warnings`, who is told `escalation`, who is called `paging`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.domain import duedates, escalation, letters, paging, queueing
from gateway.domain.agreements import Agreement
from gateway.domain.case import Because, Case
from gateway.domain.escalation import Rung
from gateway.domain.keeping import KeptClock
from gateway.domain.letters import Letter
from gateway.domain.model import Contact, Event, Hop
from gateway.domain.model.change import replace
from gateway.domain.paging import PATIENCE, Neglect
from gateway.domain.sla.clocks import Clock, Folded
from gateway.domain.warnings import BREACH, Reached, reached

CLOCK = "clock"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """A warning that was raised. `kind`: `clock`, `unaccepted` or `undelivered`; `about`: the clock or hop; `mark`: how far
    a clock had come; `step`: how many rungs of the ladder were called."""

    id: str
    org_id: str
    ticket_id: str
    hop_id: str
    kind: str
    about: str
    event_id: str
    raised_at: datetime
    mark: str = ""
    step: int = 0
    climbs_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    over_at: datetime | None = None


@dataclass(kw_only=True)
class Alarms:
    """The open warnings of one ticket and what becomes of them now."""

    case: Case
    open: Sequence[Alarm]
    new: list[Alarm] = field(default_factory=list)
    changed: dict[str, Alarm] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)

    @property
    def standing(self) -> list[Alarm]:
        """Those that are not over."""
        now = [self.changed.get(one.id, one) for one in self.open]
        return [one for one in (*now, *self.new) if one.over_at is None]

    def raise_(self, kind: str, about: str, event: Event, **more: Any) -> Alarm:
        """A new one in the place of what stood about the same."""
        self.end(one for one in self.standing if (one.kind, one.about) == (kind, about))
        made = Alarm(
            id=self.case.new_id("wrn"),
            org_id=event.org_id,
            ticket_id=event.ticket_id,
            hop_id=event.hop_id or "",
            kind=kind,
            about=about,
            event_id=event.id,
            raised_at=self.case.now,
            **more,
        )
        self.new.append(made)
        return made

    def end(self, every: Iterable[Alarm]) -> None:
        """What they warned of is over; letters that wait for the morning are dropped."""
        for one in list(every):
            self._put(replace(one, over_at=self.case.now, climbs_at=None))

    def climb(self, alarm: Alarm, *, step: int, again_at: datetime | None) -> None:
        """So many rungs were called."""
        self._put(replace(alarm, step=step, climbs_at=again_at))

    def _put(self, alarm: Alarm) -> None:
        made = [one.id for one in self.new]
        if alarm.id in made:
            self.new[made.index(alarm.id)] = alarm
        else:
            self.changed[alarm.id] = alarm

    def write(
        self, alarm: Alarm, event_id: str, contact: Contact | None, words: tuple[str, str], at: datetime
    ) -> None:
        """A letter to a contact, or (None) to whoever runs the installation."""
        letter = Letter(
            id=self.case.new_id("ltr"),
            org_id=contact.org_id if contact is not None else alarm.org_id,
            ticket_id=alarm.ticket_id,
            warning_id=alarm.id,
            message_id=letters.message_id(event_id, contact),
            contact=contact.code if contact is not None else letters.ADMIN,
            address=contact.address if contact is not None else letters.ADMIN,
            subject=words[0],
            body=words[1],
            created_at=self.case.now,
            next_at=at,
        )
        self.letters.append(letter)


# -- clocks -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Watched:
    """A clock with what was kept of it, its agreement, and the event of its breach if that was just told."""

    clock: Clock
    kept: KeptClock
    agreement: Agreement
    breach: Event | None = None

    @property
    def about(self) -> str:
        """Its name in warnings."""
        return "/".join(map(str, self.kept.which))


def warn(alarms: Alarms, folded: Folded, watched: Watched) -> tuple[str, ...]:
    """Warn of a clock where a mark is newly reached; what stands is over where the clock has ended or stands still. Returns
    the marks that are told by now."""
    clock, told = watched.clock, watched.kept.warned
    if clock.ended_at is not None or clock.stopped:
        alarms.end(one for one in alarms.standing if one.kind == CLOCK and one.about == watched.about)
    known = tuple(word for word in told if word != BREACH) if watched.breach is not None else told
    found = reached(clock, watched.agreement.warnings, known)
    if found is None:
        return told
    case = alarms.case
    event = watched.breach or case.record(
        "clock.warned", case.hops[clock.hop], Because(cause_id=clock.started_by), _said(clock, found)
    )
    alarm = alarms.raise_(CLOCK, watched.about, event, mark=found.word, step=found.step)
    for actor in escalation.acting(case, folded, clock.hop):
        _tell(alarms, alarm, watched, actor, event)
    if found.step >= len(watched.agreement.warnings) - 1:  # at risk, or lost
        alarms.write(alarm, event.id, None, _clock_words(case, watched, found.word, None), case.now)
    return tuple(dict.fromkeys((*told, *found.words)))


def _said(clock: Clock, found: Reached) -> dict[str, Any]:
    return {
        "clock": clock.key,
        "mark": found.word,
        "due": clock.due.isoformat() if clock.due is not None else None,
        "elapsed": clock.elapsed.total_seconds(),
    }


def _tell(alarms: Alarms, alarm: Alarm, watched: Watched, actor: Hop, event: Event) -> None:
    """At the desk of whoever can act, and by mail to the contacts of this step."""
    case, clock = alarms.case, watched.clock
    if case.desk(actor).capabilities.private_comments and actor.remote_id is not None:
        _note(case, actor, watched, alarm.mark, event)
    way = escalation.parties(case, actor, case.hops[clock.hop], watched.agreement.terms)
    any_hour = escalation.any_hour(clock, watched.agreement.terms)
    reached_already = {letter.message_id for letter in alarms.letters}
    for rung in escalation.told(way, alarm.step):
        for contact in escalation.on(case, rung):
            words = _clock_words(case, watched, alarm.mark, (contact, rung, actor))
            at = escalation.reached_at(contact, case.now, any_hour=any_hour)
            name = letters.message_id(event.id, contact)
            if contact.channel == escalation.MAIL and name not in reached_already:
                reached_already.add(name)
                alarms.write(alarm, event.id, contact, words, at)


def _note(case: Case, actor: Hop, watched: Watched, mark: str, event: Event) -> None:
    clock, desk = watched.clock, case.desk(actor)
    if actor.id != clock.hop:
        queueing.note(case, actor, "above_at_risk", event)
        return
    kind = "clock_breached" if mark == BREACH else "clock_warned"
    due = duedates.at_desk(desk, clock.due) if clock.due is not None else ""
    target = letters.target_word(clock.target_kind.value, desk.language)
    queueing.note(case, actor, kind, event, mark=mark, target=target, due=due)


def _clock_words(
    case: Case, watched: Watched, mark: str, to: tuple[Contact, Rung, Hop] | None
) -> tuple[str, str]:
    """Subject and body for a contact, or for whoever runs the installation. Who has no part in the agreement hears only
    that there is a hurry."""
    clock, top = watched.clock, case.hops[watched.clock.hop]
    language, zone, hop, actor = "en", "UTC", top, top
    if to is not None:
        contact, rung, actor = to
        language, zone, hop = contact.language, contact.zone, rung.hop or top
    kind = BREACH if mark == BREACH else ("clock" if mark.endswith("%") else "before")
    target, number = letters.target_word(clock.target_kind.value, language), letters.number_of(hop)
    holder = case.directory.organization_name(
        case.towards(hop, actor).org_id if hop.id != actor.id else actor.org_id
    )
    facts = {"number": number, "holder": holder, "url": hop.url or ""}
    party = to is None or to[1].org_id in (watched.agreement.terms.provider, watched.agreement.terms.consumer)
    if not party:
        return letters.subject("below", language, number=number), letters.body("below", language, **facts)
    due = letters.at(clock.due, zone)
    return (
        letters.subject(kind, language, mark=mark, target=target, number=number),
        letters.body("clock", language, due=due, agreement=watched.agreement.code, **facts),
    )


# -- jobs that nobody takes up ------------------------------------------------------------------------------------------------


def page(alarms: Alarms, always: Collection[str]) -> datetime | None:
    """Call somebody about every top-priority job that has waited too long, and the next one if nobody answered. When there
    is next something to do about these. `always`: hops whose promise has no night."""
    case, moments = alarms.case, list[datetime]()
    waiting = {(one.kind, one.hop.id): one for one in paging.waiting(case)}
    pages = [one for one in alarms.standing if one.kind != CLOCK]
    alarms.end(one for one in pages if (one.kind, one.about) not in waiting)
    for name, neglect in waiting.items():
        alarm = next((one for one in alarms.standing if (one.kind, one.about) == name), None)
        if alarm is None and neglect.since + PATIENCE <= case.now:
            alarm = _first_call(alarms, neglect)
        if alarm is None:
            moments.append(neglect.since + PATIENCE)
        elif alarm.climbs_at is not None and alarm.acknowledged_at is None:
            if alarm.climbs_at <= case.now:
                alarm = _call(alarms, alarm, neglect, any_hour=neglect.hop.id in always)
            moments += [alarm.climbs_at] if alarm.climbs_at is not None else []
    return min(moments, default=None)


def _first_call(alarms: Alarms, neglect: Neglect) -> Alarm:
    case = alarms.case
    event = case.record(
        "clock.paged", neglect.hop, Because(), {"why": neglect.kind, "since": neglect.since.isoformat()}
    )
    alarm = alarms.raise_(neglect.kind, neglect.hop.id, event, climbs_at=case.now)
    if neglect.kind == paging.UNDELIVERED:
        alarms.write(alarm, event.id, None, _page_words(case, neglect, alarm, None), case.now)
    return alarm


def _call(alarms: Alarms, alarm: Alarm, neglect: Neglect, *, any_hour: bool) -> Alarm:
    """The next rung on which somebody can be reached now; the last one called stays the last."""
    case = alarms.case
    for step, rung in enumerate(neglect.rungs[alarm.step :], start=alarm.step + 1):
        contacts = [one for one in escalation.on(case, rung) if any_hour or _is_on_duty(one, case.now)]
        for contact in contacts:
            if contact.channel == escalation.MAIL:
                words = _page_words(case, neglect, alarm, (contact, rung))
                alarms.write(alarm, alarm.event_id, contact, words, case.now)
        if contacts:
            case.record(
                "clock.paged",
                neglect.hop,
                Because(cause_id=alarm.event_id),
                {"why": neglect.kind, "level": rung.level},
            )
            again_at = case.now + PATIENCE if step < len(neglect.rungs) else None
            alarms.climb(alarm, step=step, again_at=again_at)
            return next(one for one in alarms.standing if one.id == alarm.id)
    return _nobody(alarms, alarm, neglect)


def _nobody(alarms: Alarms, alarm: Alarm, neglect: Neglect) -> Alarm:
    """Nobody left on the ladder is on duty: the next who comes on duty is called then."""
    case = alarms.case
    rest = [one for rung in neglect.rungs[alarm.step :] for one in escalation.on(case, rung)]
    again_at = min((escalation.reached_at(one, case.now, any_hour=False) for one in rest), default=None)
    alarms.climb(alarm, step=alarm.step, again_at=again_at)
    return next(one for one in alarms.standing if one.id == alarm.id)


def _is_on_duty(contact: Contact, now: datetime) -> bool:
    return escalation.reached_at(contact, now, any_hour=False) <= now


def _page_words(
    case: Case, neglect: Neglect, alarm: Alarm, to: tuple[Contact, Rung] | None
) -> tuple[str, str]:
    language, zone, hop = "en", "UTC", neglect.hop
    if to is not None:
        language, zone, hop = to[0].language, to[0].zone, to[1].hop or neglect.hop
    minutes = str((case.now - neglect.since) // timedelta(minutes=1))
    who = case.directory.organization_name(
        case.towards(hop, neglect.hop).org_id if hop.id != neglect.hop.id else hop.org_id
    )
    number = letters.number_of(hop)
    return (
        letters.subject(neglect.kind, language, who=who, minutes=minutes, number=number),
        letters.body(
            "page",
            language,
            who=who,
            since=letters.at(neglect.since, zone),
            warning=alarm.id,
            url=hop.url or "",
        ),
    )
