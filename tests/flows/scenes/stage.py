"""A stage for scenes: a hub over plain desks, played by people, read from what the desks hold.

`Stage("customer>vendor", "vendor>north")` has a desk and an organization for each name and a link for each edge. A ticket
passes over an edge when its desk names the partner in its delegate field (`stage.delegate`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from gateway.domain.case import Case
from gateway.domain.model import Contact, Content, CoverageRow, Delivery, Event, Hop, HopStatus, Site
from gateway.flows import commands
from gateway.flows.context import OPERATOR
from gateway.store import cases, rows
from gateway.store.db import Database
from gateway.testing.hub import Hub
from gateway.testing.loopback.cabinet import Doc
from gateway.testing.loopback.desk import ACCOUNT
from gateway.testing.loopback.people import Person
from gateway.testing.loopback.temper import PLAIN, Temper
from gateway.testing.plan import Plan
from tests.builders import edges

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """What differs from plain desks and plain links: tempers and documents of desks by code, documents of links by edge."""

    tempers: Mapping[str, Temper | str] | None = None
    desks: Mapping[str, Mapping[str, Any]] | None = None
    links: Mapping[str, Mapping[str, Any]] | None = None
    coverage: Sequence[CoverageRow] = ()
    sites: Sequence[Site] = ()
    agreements: Sequence[Mapping[str, Any]] = ()
    calendars: Sequence[Mapping[str, Any]] = ()
    contacts: Sequence[Contact] = ()


class Stage:
    """A hub and its people. Every act is followed by as much time as it takes to arrive everywhere."""

    def __init__(self, *written: str, cast: Cast | None = None, database: Database | None = None) -> None:
        self.hub = Hub(_plan(edges(*written), cast or Cast()), database=database)
        self.ticket = ""

    # -- people -----------------------------------------------------------------------------------------------------------

    def person(self, code: str, name: str = "anna") -> Person:
        """Somebody at a desk."""
        return self.hub.desks[code].person(name)

    def open(self, *, code: str = "customer", delegate: str | None = "vendor", **fields: Any) -> str:
        """A ticket at a desk, handed on at once if `delegate` names somebody; its id."""
        told = {"title": "till is dead", "text": "since eight"} | fields
        number = self.person(code, "maria").open(**told, delegate=delegate)
        self.ticket = self.ticket or number
        self.wait()
        return number

    def delegate(self, code: str, to: str) -> None:
        """The desk names a partner in the delegate field of its ticket."""
        self.set(code, "delegate", to)

    def set(self, code: str, field: str, value: str | None, *, by: str = "anna") -> None:
        """Change a field of the desk's ticket."""
        self.person(code, by).set(self.id(code), field, value)
        self.wait()

    def say(self, code: str, text: str, *, public: bool = True, by: str = "anna") -> str:
        """A comment at the desk's ticket; its id."""
        number = self.person(code, by).comment(self.id(code), text, public=public)
        self.wait()
        return number

    def order(self, command: Callable[..., object], *named: str, reason: str = "") -> object:
        """A command of somebody at the gateway."""
        order = commands.Order(actor="operator", now=self.hub.now, reason=reason)
        done = command(self.hub.context, *named, order)
        self.wait()
        return done

    def wait(self, by: timedelta = timedelta(seconds=5)) -> None:
        """Let time pass and everything arrive."""
        self.hub.run(by)

    # -- what the desks hold ----------------------------------------------------------------------------------------------

    def docs(self, code: str) -> list[Doc]:
        """Every ticket of a desk."""
        return self.hub.desks[code].tickets()

    def doc(self, code: str) -> Doc:
        """The newest ticket of a desk."""
        return self.docs(code)[-1]

    def id(self, code: str) -> str:
        """Its id."""
        return str(self.doc(code)["id"])

    def field(self, code: str, name: str) -> str | None:
        """One of its fields."""
        value: str | None = self.doc(code)["fields"][name]
        return value

    def status(self, code: str) -> str | None:
        """Its status, in the desk's word."""
        return self.field(code, "status")

    def read(self, code: str, *, public: bool | None = None) -> list[str]:
        """What the gateway wrote into the desk's ticket: comments and notes, oldest first."""
        return [
            part["text"]
            for part in self.doc(code)["comments"]
            if part["author"]["id"] == ACCOUNT and public in (None, part["public"])
        ]

    def heard(self, code: str) -> list[str]:
        """The words of people that the gateway carried there, without the line that says whose they are."""
        return [text.partition("\n\n")[2] for text in self.read(code) if "\n\n" in text]

    # -- what the gateway believes ----------------------------------------------------------------------------------------

    @property
    def case(self) -> Case:
        """The whole chain as it is stored."""
        with self.hub.database.read() as db:
            key = (f"dsk_{next(iter(self.hub.desks))}", self.ticket)
            [place] = cases.hops_at(db, OPERATOR, [key]).values()
            occasion = self.hub.context.occasion(db, self.hub.now)
            return cases.load(db, OPERATOR, [place[0]], occasion, lock=False)[place[0]]

    def content(self, text: str) -> Content:
        """The one content with that text or file name."""
        with self.hub.database.read() as db:
            kept = rows.nouns(Content, db.execute(rows.choose(Content)))
        [found] = [one for one in kept if text in (one.text, one.filename)]
        return found

    def hop(self, code: str) -> Hop:
        """The newest hop at a desk."""
        here = [hop for hop in self.case.hops.values() if hop.desk_id == f"dsk_{code}"]
        return max(here, key=lambda hop: (hop.created_at or self.hub.now, hop.id))

    def is_(self, code: str) -> HopStatus:
        """Its canonical status."""
        return self.hop(code).status

    def events(self, code: str | None = None) -> list[Event]:
        """What was recorded, in order."""
        with self.hub.database.read() as db:
            found = rows.nouns(Event, db.execute(rows.choose(Event)))
        order = sorted(found, key=lambda event: event.id)
        return [event for event in order if code is None or event.org_id == f"org_{code}"]

    def happened(self, code: str | None = None) -> list[str]:
        """The types of those events."""
        return [event.type for event in self.events(code)]

    def deliveries(self, code: str | None = None) -> list[Delivery]:
        """Everything that was ever queued, in order."""
        with self.hub.database.read() as db:
            found = rows.nouns(Delivery, db.execute(rows.choose(Delivery)))
        order = sorted(found, key=lambda one: one.id)
        return [one for one in order if code is None or one.desk_id == f"dsk_{code}"]

    def discrepancies(self) -> list[str]:
        """The kinds of what was noted."""
        with self.hub.database.read() as db:
            return [row.kind for row in db.execute(rows.discrepancy.select().order_by("id"))]

    def restart(self, **documents: Mapping[str, Any]) -> None:
        """A worker that has just started, with other documents for some desks."""
        plan = self.hub.plan
        self.hub._directory = replace(plan, desk_documents={**plan.desk_documents, **documents}).directory(
            self.hub.registry
        )
        self.hub.worker = self.hub.new_worker("again")


def _plan(pairs: Sequence[tuple[str, str]], cast: Cast) -> Plan:
    codes = list(dict.fromkeys(code for pair in pairs for code in pair))
    tempers: Mapping[str, Temper | str] = cast.tempers or {}
    return Plan(
        desks={code: tempers.get(code, PLAIN) for code in codes},
        links=[_link(up, down, (cast.links or {}).get(f"{up}>{down}", {})) for up, down in pairs],
        coverage=cast.coverage,
        sites=cast.sites,
        agreements=cast.agreements,
        calendars=cast.calendars,
        contacts=cast.contacts,
        desk_documents={
            code: {"poll_every": "10m"} | dict((cast.desks or {}).get(code, {}))
            for code in codes
            if code not in tempers or code in (cast.desks or {})
        },
    )


def _link(up: str, down: str, more: Mapping[str, Any]) -> dict[str, Any]:
    return {"upstream": up, "downstream": down, "passes": {"delegate_as": down}} | dict(more)
