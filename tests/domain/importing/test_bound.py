"""Agreements that held on the day of an imported opening or hand-over."""

from datetime import UTC, date, datetime

from gateway.domain.agreements import Agreement
from gateway.domain.directory import Directory
from gateway.domain.importing.bound import Binder
from gateway.domain.importing.moments import EPOCH
from gateway.domain.importing.story import Asked
from gateway.domain.model import Organization
from gateway.domain.sla.terms import Terms
from gateway.domain.worktime import ROUND_THE_CLOCK, Calendar

ALWAYS = Calendar(code="always", weekly=ROUND_THE_CLOCK)


def agreement(code: str, *, services: tuple[str, ...] = ()) -> Agreement:
    terms = Terms(id=code, hop="", provider="north", consumer="acme", calendar=ALWAYS, targets={})
    return Agreement(
        id=code, code=code, terms=terms, sheet=f"sht_{code}", services=frozenset(services),
        valid_from=date(2025, 1, 1), valid_until=date(2025, 6, 30),
    )  # fmt: skip


def at(*moment: int) -> int:
    return int((datetime(*moment, tzinfo=UTC) - EPOCH).total_seconds()) * 1_000_000  # type: ignore[arg-type, misc]


def binder() -> Binder:
    rome = Organization(id="north", code="north", zone="Europe/Rome")
    directory = Directory(
        organizations={"north": rome, "acme": Organization(id="acme", code="acme")},
        agreements=(agreement("all"), agreement("tills", services=("pos",))),
    )
    return Binder(directory, {"North": "north", "South": "south"}, {"": "acme"})


def asked(when: int, service: str = "", who: str = "North", above: str = "") -> Asked:
    return Asked(who, above, "", service, when)


def test_the_one_in_force_on_that_day_where_the_provider_is() -> None:
    found = binder()
    [(kind, data)] = found.bound(asked(at(2025, 3, 1)))
    assert (kind, data["agreement"], data["sheet"]) == ("agreement.bound", "all", "sht_all")
    assert found.bound(asked(at(2025, 6, 30, 21, 59)))[0][0] == "agreement.bound"
    assert found.bound(asked(at(2025, 6, 30, 22, 1)))[0][0] == "agreement.missing"  # the next day in Rome


def test_the_most_specific_one_and_only_for_whom_it_is() -> None:
    found = binder()
    assert found.bound(asked(at(2025, 3, 1), "pos"))[0][1]["agreement"] == "tills"
    assert found.bound(asked(at(2025, 3, 1), "doors"))[0][1]["agreement"] == "all"
    assert found.bound(asked(at(2025, 3, 1), who="South")) == ()
    assert found.bound(asked(at(2025, 3, 1), above="South")) == []
