"""The scenes of the demo's day: what people at four companies do with one ticket."""

from collections.abc import Callable, Iterator
from random import Random

from gateway.cli.demo.play import Act, Awaited, Play

Scene = Callable[[Play, Act], Iterator[Awaited]]

TROUBLES = (
    ("Till 3 prints no receipts", "Since this morning the printer only blinks."),
    ("Card terminal rejects every card", "All cards, all banks. Cash only."),
    ("Scanner at the self-checkout is blind", "The red light is on, nothing is read."),
    ("Back office cannot close the day", "The report stops at 73 %."),
    ("Price labels show yesterday", "The labels in aisle 4 did not update."),
    ("Till drawer does not open", "It clicks and stays shut."),
    ("Loyalty cards are not recognised", "Customers are angry."),
    ("Scales show no weight", "Fruit and vegetables, both scales."),
)
CALLERS = ("giulia.rossi", "marco.bianchi", "sara.conti")


def cast(seed: int, tickets: int) -> list[Act]:
    """The acts of a day: each kind of scene once before any comes twice."""
    dice = Random(seed)  # noqa: S311 - a story that can be told again is the point
    order = [*SCENES]
    dice.shuffle(order)
    troubles = dice.sample(TROUBLES, len(TROUBLES))
    acts = []
    for place in range(tickets):
        scene, (title, _) = order[place % len(order)], troubles[place % len(troubles)]
        number = f" ({place // len(troubles) + 1})" if place >= len(troubles) else ""
        about, play_it = scene
        acts.append(
            Act(title=title + number, about=about, starts_after=place * dice.uniform(0.4, 1.2), scene=play_it)
        )
    return acts


def _opening(play: Play, act: Act, *, priority: str = "2 - High") -> Iterator[Awaited]:
    text = dict(TROUBLES).get(act.title.split(" (")[0], "")
    play.open(act, CALLERS[len(act.title) % len(CALLERS)], text, priority)
    yield play.there(act, "vendor")


def _delegated(play: Play, act: Act, code: str, name: str) -> Iterator[Awaited]:
    yield play.moment(0.5)
    play.set(act, "vendor", "hanna", "delegate", name)
    yield play.there(act, code)
    yield play.moment(0.8)


def _verified(play: Play, act: Act, code: str) -> Iterator[Awaited]:
    yield play.reads(act, "vendor", "reports the work as resolved")
    yield play.moment(0.5)
    play.set(act, "vendor", "hanna", "status", "resolved")
    yield play.reads(act, "customer", "reports the work as resolved")
    yield play.moment(0.5)
    play.set(act, "customer", "giulia.rossi", "status", "Closed")
    yield play.shows(act, "vendor", "closed")
    yield play.shows(act, code, {"partner": "Закрыта", "subcontractor": "archived"}[code])


def straight(play: Play, act: Act) -> Iterator[Awaited]:
    """Customer → vendor → partner and back."""
    yield from _opening(play, act)
    yield from _delegated(play, act, "partner", "nord")
    play.set(act, "partner", "olga", "status", "В работе")
    play.say(act, "partner", "olga", "A technician is on the way.")
    yield play.reads(act, "customer", "technician is on the way")
    yield play.moment(1.0)
    play.say(act, "partner", "olga", "Warehouse: one print head left.", public=False)
    play.attach(act, "partner", "olga", "printer.png", bytes(range(256)) * 8)
    play.set(act, "partner", "olga", "status", "Выполнена")
    yield from _verified(play, act, "partner")


def question(play: Play, act: Act) -> Iterator[Awaited]:
    """The partner needs an answer that only the customer has."""
    yield from _opening(play, act)
    yield from _delegated(play, act, "partner", "nord")
    play.set(act, "partner", "ivan", "status", "В работе")
    play.say(act, "partner", "ivan", "Which firmware does the terminal show?")
    play.set(act, "partner", "ivan", "status", "Ожидание ответа")
    yield play.reads(act, "customer", "Which firmware")
    play.set(
        act, "vendor", "hanna", "status", "stalled"
    )  # the vendor passes the question on: both clocks stop
    yield play.reads(act, "customer", "waits for an answer from you")
    yield play.moment(0.5)
    play.say(act, "customer", "marco.bianchi", "It says 4.2.1.")
    yield play.reads(act, "partner", "4.2.1")
    yield play.shows(act, "vendor", "open")
    play.say(act, "vendor", "hanna", "Thanks, that is all we need.")
    yield play.shows(act, "partner", "В работе")
    play.set(act, "partner", "ivan", "status", "Выполнена")
    yield from _verified(play, act, "partner")


def four_levels(play: Play, act: Act) -> Iterator[Awaited]:
    """The partner hands on to the subcontractor, whose desk sometimes loses its answers."""
    yield from _opening(play, act, priority="1 - Critical")
    yield from _delegated(play, act, "partner", "nord")
    play.set(act, "partner", "olga", "status", "В работе")
    play.set(act, "partner", "olga", "delegate", "quick")
    yield play.there(act, "subcontractor")
    yield play.moment(0.8)
    play.set(act, "subcontractor", "tom", "status", "chatting")
    play.say(act, "subcontractor", "tom", "On site, cable replaced.")
    yield play.reads(act, "customer", "cable replaced")
    play.set(act, "subcontractor", "tom", "status", "done")
    yield play.reads(act, "partner", "reports the work as resolved")
    yield play.moment(0.5)
    play.set(act, "partner", "olga", "status", "Выполнена")
    yield from _verified(play, act, "partner")
    yield play.shows(act, "subcontractor", "archived")


def declined(play: Play, act: Act) -> Iterator[Awaited]:
    """The partner declines with a reason; the vendor asks somebody else."""
    yield from _opening(play, act)
    yield from _delegated(play, act, "partner", "nord")
    play.say(act, "partner", "ivan", "Nobody is free before Thursday.")
    play.set(act, "partner", "ivan", "status", "Отклонена")
    yield play.reads(act, "vendor", "before Thursday")
    yield from _delegated(play, act, "subcontractor", "quick")
    play.set(act, "subcontractor", "tom", "status", "chatting")
    yield play.moment(1.0)
    play.set(act, "subcontractor", "tom", "status", "done")
    yield from _verified(play, act, "subcontractor")


def rejected(play: Play, act: Act) -> Iterator[Awaited]:
    """The customer does not accept the first repair."""
    yield from _opening(play, act)
    play.set(act, "vendor", "hanna", "status", "open")
    play.set(act, "vendor", "hanna", "assignee", "hanna")
    yield play.moment(1.0)
    play.set(act, "vendor", "hanna", "status", "resolved")
    yield play.reads(act, "customer", "reports the work as resolved")
    play.set(act, "customer", "sara.conti", "status", "To verify")
    yield play.shows(act, "vendor", "closed")
    yield play.moment(0.5)
    play.say(act, "customer", "sara.conti", "It is still broken.")
    play.set(act, "customer", "sara.conti", "status", "Assigned")
    yield play.shows(act, "vendor", "open")
    yield play.moment(1.0)
    play.set(act, "vendor", "hanna", "status", "resolved")
    yield play.reads(act, "customer", "reports the work as resolved", times=2)
    yield play.moment(0.5)
    play.set(act, "customer", "sara.conti", "status", "Closed")
    yield play.shows(act, "vendor", "closed")


def side_by_side(play: Play, act: Act) -> Iterator[Awaited]:
    """Two companies work on it at the same time."""
    yield from _opening(play, act)
    yield play.moment(0.5)
    play.set(act, "vendor", "hanna", "delegate", "nord, quick")
    yield play.there(act, "partner")
    yield play.there(act, "subcontractor")
    play.set(act, "partner", "olga", "status", "В работе")
    play.set(act, "subcontractor", "tom", "status", "chatting")
    yield play.moment(1.5)
    play.set(act, "subcontractor", "tom", "status", "done")
    play.set(act, "partner", "olga", "status", "Выполнена")
    yield play.reads(act, "vendor", "Nord Service reports")
    yield play.reads(act, "vendor", "Quick Hands reports")
    play.set(act, "vendor", "hanna", "status", "resolved")
    yield play.reads(act, "customer", "reports the work as resolved")
    play.set(act, "customer", "giulia.rossi", "status", "Closed")
    yield play.shows(act, "vendor", "closed")


SCENES: tuple[tuple[str, Scene], ...] = (
    ("down to the partner and back", straight),
    ("a question for the customer", question),
    ("four levels deep", four_levels),
    ("declined, then given to another", declined),
    ("the first repair is rejected", rejected),
    ("two companies at once", side_by_side),
)
