"""Which agreements held for an imported ticket on the day it was opened or handed over (R17): asked as for any other, and
remembered for all that are alike on that day."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from gateway.domain import binding
from gateway.domain.case import Case
from gateway.domain.directory import Directory
from gateway.domain.imported import CUSTOMER
from gateway.domain.importing.moments import EPOCH
from gateway.domain.importing.story import Asked, Recorded
from gateway.domain.lifecycle import today
from gateway.domain.model import Event, Field, Hop, HopStatus, Ticket

_MICRO = timedelta(microseconds=1)


class Binder:
    """Looks agreements up in a directory. `organizations` and `customers`: ids by the words of the file; `sheets`: the terms
    that were made for a ticket's site, to be kept with what is bound to them."""

    def __init__(
        self, directory: Directory, organizations: Mapping[str, str], customers: Mapping[str, str]
    ) -> None:
        self._directory, self._organizations, self._customers = directory, organizations, customers
        self._known: dict[tuple[object, ...], Sequence[Recorded]] = {}
        self._services = frozenset(name for one in directory.agreements for name in one.services)
        self.sheets: dict[str, Mapping[str, Any]] = {}

    def bound(self, asked: Asked) -> Sequence[Recorded]:
        """What is recorded of a hop's agreements."""
        org_id = self._organizations[asked.organization]
        if not self._directory.agreements_by(org_id):
            return ()
        at = EPOCH + asked.at * _MICRO
        service = asked.service if asked.service in self._services else ""
        day = today(at, self._directory.zone_of(org_id))
        key = (org_id, asked.above, asked.customer, service, day)
        if key not in self._known:
            self._known[key] = self._looked_up(asked, org_id, at)
        return self._known[key]

    def _looked_up(self, asked: Asked, org_id: str, at: datetime) -> Sequence[Recorded]:
        hop = _hop("hop", org_id, "top" if asked.above else None, asked.service)
        above = _hop("top", self._organizations[asked.above], None, asked.service) if asked.above else hop
        facts = {CUSTOMER: self._customers.get(asked.customer, "")}
        case = Case(
            directory=self._directory,
            ticket=Ticket(id="", org_id=above.org_id, opened_at=at, facts=facts),
            hops={above.id: above, hop.id: hop},
            now=at,
            new_id=_nameless,
        )
        binding.bind(case, hop, Event(id="", org_id=org_id, ticket_id="", type="", observed_at=at))
        self.sheets.update(case.sheets)
        return [(event.type, event.data) for event in case.events]


def _hop(name: str, org_id: str, parent: str | None, service: str) -> Hop:
    facts = {Field.SERVICE.value: service} if service else {}
    return Hop(
        id=name,
        org_id=org_id,
        ticket_id="",
        desk_id="",
        parent_id=parent,
        status=HopStatus.OFFERED,
        facts=facts,
    )


def _nameless(_prefix: str) -> str:
    return ""
