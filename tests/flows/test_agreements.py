"""What people do to agreements: one at a time, and two hundred from one template with different dates; judged first, done whole."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain import renewal
from gateway.domain.plan import Action
from gateway.domain.renewal import Party, Term
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import agreements, lifecycle, sweep
from gateway.flows.agreements import Line, Row
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import agreement_life, alarms
from gateway.store.db import Database
from gateway.vault import new_entry, ring
from tests.flows import installation
from tests.flows.installation import write
from tests.flows.test_lifecycle import CONTRACT

DAY = timedelta(days=1)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VAULT = ring(new_entry("k1"))
ORDER = Order(actor="maria", reason="signed", now=START)
TEMPLATE = """
  - code: gold
    organization: north
    template: true
    kind: sla
    calendar: always
    targets: {resolution: {critical: 4h, high: 8h}}
    stops: {requester_info: automatic}
    after_end: in_renewal
"""
CUSTOMERS = [f"c{number:03}" for number in range(200)]


@pytest.fixture
def context() -> Iterator[Context]:
    database = Database("sqlite://")
    yield installation.context(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    is_sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'x.db'}" if is_sqlite else request.getfixturevalue("migrated_postgres")
    database = Database(url)
    yield installation.context(database)
    database.close()


def configure(context: Context, folder: Path, text: str = CONTRACT + TEMPLATE) -> Context:
    apply(context, read(write(folder, text)), Terms(vault=VAULT), actor="maria", now=START)
    return context


def with_customers(context: Context, folder: Path) -> Context:
    """Two hundred customers, each with a contact."""
    organizations = "".join(f"  - {{code: {code}, name: Customer {code}}}\n" for code in CUSTOMERS)
    contacts = "".join(
        f"  - {{organization: {code}, code: boss, level: 1, channel: email, address: boss@{code}.example}}\n"
        for code in CUSTOMERS
    )
    text = (CONTRACT + TEMPLATE).replace("contacts:\n", f"{organizations}contacts:\n{contacts}")
    return configure(context, folder, text)


def days(number: int, year: int = 2026) -> tuple[date, date]:
    """A term of its own for each customer: from some day of spring to the day before, a year later."""
    begins = date(year, 3, 10) + number * DAY
    return begins, date(year + 1, 3, 9) + number * DAY


def listed(year: int = 2026) -> bytes:
    lines = [
        f"{code},{begins},{until}"
        for code, (begins, until) in zip(CUSTOMERS, (days(n, year) for n in range(200)), strict=True)
    ]
    return "\n".join(["customer,from,until", *lines]).encode()


def renew(context: Context, text: bytes, *, dry: bool = False, order: Order = ORDER) -> list[Line]:
    rows = agreements.rows_from(text, source="customers.csv", days=("", ""))
    lines = agreements.from_template(context, "gold", rows)
    agreements.apply_lines(context, VAULT, lines, order, dry=dry)
    return lines


def counts(lines: list[Line]) -> dict[str, int]:
    return {what: sum(line.what == what for line in lines) for what in ("made", "renewed", "unchanged")}


def states(context: Context) -> dict[str, int]:
    found: dict[str, int] = {}
    with context.database.read() as db:
        for kept in agreement_life.states(db, OPERATOR).values():
            if kept.code.endswith("-gold"):
                found[kept.state] = found.get(kept.state, 0) + 1
    return found


def posted(context: Context, now: datetime) -> list[str]:
    """Addresses of the letters that leave by then."""
    found: list[str] = []
    while True:
        with context.database.write() as db:
            claimed = alarms.claim(db, OPERATOR, now=now, until=now + DAY, limit=500)
            for letter in claimed:
                alarms.settle(db, replace(letter, state="sent"))
        if not claimed:
            return found
        found += [letter.address for letter in claimed]


def test_done_when_4_two_hundred_agreements_with_days_of_their_own(context: Context, tmp_path: Path) -> None:
    """One command and a dry run; then the lives and the reminders follow by themselves."""
    with_customers(context, tmp_path)
    assert counts(renew(context, listed(), dry=True)) == {"made": 200, "renewed": 0, "unchanged": 0}
    assert [one.code for one in agreements.known(context)] == ["acme-uc", "gold"], "a dry run makes nothing"

    assert counts(renew(context, listed())) == {"made": 200, "renewed": 0, "unchanged": 0}
    assert counts(renew(context, listed())) == {"made": 0, "renewed": 0, "unchanged": 200}
    sweep.run(context, now=START)
    assert states(context) == {"planned": 200}

    sweep.run(context, now=datetime(2026, 3, 19, 9, tzinfo=UTC))
    assert states(context) == {"planned": 190, "active": 10}
    sweep.run(context, now=datetime(2026, 9, 30, 9, tzinfo=UTC))
    assert states(context) == {"active": 200}

    order = Order(actor="maria", reason="renewed", now=datetime(2026, 11, 1, tzinfo=UTC))
    half = b"\n".join(listed(2027).split(b"\n")[:101])
    assert counts(renew(context, half, order=order)) == {"made": 0, "renewed": 100, "unchanged": 0}
    assert counts(renew(context, half, order=order)) == {"made": 0, "renewed": 0, "unchanged": 100}

    letters, now = [], datetime(2026, 11, 2, 12, tzinfo=UTC)
    while now < datetime(2028, 1, 1, tzinfo=UTC):
        sweep.run(context, now=now)
        letters += [
            address for address in posted(context, now + timedelta(hours=11)) if address.startswith("boss@")
        ]
        now += 7 * DAY
    assert states(context) == {"active": 100, "in_renewal": 100}
    renewed = {f"boss@{code}.example" for code in CUSTOMERS[:100]}
    assert {address for address in letters if address not in renewed} == {
        f"boss@{code}.example" for code in CUSTOMERS[100:]
    }
    assert {letters.count(f"boss@{code}.example") for code in CUSTOMERS[100:]} == {3}, (
        "90, 30 and 7 days before"
    )


ROWS = {
    "a customer that is not there": (
        "c01,2026-03-10,2027-03-09",
        "row 3: there is no organization 'c01'; did you mean",
    ),
    "no day": (
        "c001,the tenth,2027-03-09",
        "row 3: 'the tenth' to '2027-03-09' are no days; write 2026-07-01",
    ),
    "no first day": ("c001,,2027-03-09", "row 3: its from is missing; fill it in, or give --from for all"),
    "no customer": (",2026-03-10,2027-03-09", "row 3: its customer is missing"),
    "an end before the beginning": (
        "c001,2026-03-10,2026-03-09",
        "row 3: it would end on 2026-03-09, before it begins on 2026-03-10",
    ),
    "the same customer twice": (
        "c000,2026-05-10,2027-03-09",
        "row 3: customers.csv row 2 names c000-gold too; keep one of them",
    ),
}


@pytest.mark.parametrize(("line", "told"), ROWS.values(), ids=ROWS.keys())
def test_what_is_wrong_with_a_row_is_told_and_nothing_is_done(
    context: Context, tmp_path: Path, line: str, told: str
) -> None:
    with_customers(context, tmp_path)
    text = f"customer,from,until\nc000,2026-03-10,2027-03-09\n{line}\n"
    with pytest.raises(Invalid, match="1 of 2 rows cannot be done; nothing was changed") as raised:
        renew(context, text.encode())
    assert told in raised.value.problems[0], raised.value.problems
    assert [one.code for one in agreements.known(context)] == ["acme-uc", "gold"]


def test_a_renewal_that_begins_too_early_is_told_with_its_row(context: Context, tmp_path: Path) -> None:
    with_customers(context, tmp_path)
    renew(context, b"customer,from,until\nc000,2026-03-10,2027-03-09\n")
    with pytest.raises(Invalid) as raised:
        renew(context, b"customer,from,until\nc001,2026-03-10,2027-03-09\nc000,2027-03-01,2028-03-09\n")
    [problem] = raised.value.problems
    assert problem.startswith(
        "customers.csv row 3: the renewal from 2027-03-01 begins before the last term of c000-gold ends on 2027-03-09"
    )
    assert "begin on 2027-03-10" in problem


def test_who_has_several_agreements_from_it_is_asked_which(context: Context, tmp_path: Path) -> None:
    with_customers(context, tmp_path)
    renew(
        context,
        b"customer,from,until,code,sites\nc000,2026-03-10,2027-03-09,a,MI-1\nc000,2026-03-10,2027-03-09,b,MI-2\n",
    )
    with pytest.raises(Invalid) as raised:
        renew(context, b"customer,from,until\nc000,2027-03-10,2028-03-09\n")
    assert (
        "c000 has several agreements from gold · name one in a column `code`: a, b"
        in raised.value.problems[0]
    )
    assert counts(renew(context, b"customer,from,until,code\nc000,2027-03-10,2028-03-09,b\n")) == {
        "made": 0,
        "renewed": 1,
        "unchanged": 0,
    }


def test_a_template_whose_terms_changed_gives_the_new_ones_to_the_next_term(
    context: Context, tmp_path: Path
) -> None:
    with_customers(context, tmp_path)
    renew(context, b"customer,from,until\nc000,2026-03-10,2027-03-09\n")
    faster = {**agreements.find(context, "gold").document, "targets": {"resolution": {"critical": "2h"}}}
    agreements.carry_out(context, VAULT, [faster], ORDER, dry=False)
    renew(context, b"customer,from,until\nc000,2027-03-10,2028-03-09\n")
    [amendment] = agreements.find(context, "c000-gold").document["amendments"]
    assert amendment == {
        "from": "2027-03-10",
        "change": {"valid_until": "2028-03-09", "targets": {"resolution": {"critical": "2h"}}},
    }


def test_only_templates_are_patterns(context: Context, tmp_path: Path) -> None:
    configure(context, tmp_path)
    with pytest.raises(Refused, match="acme-uc is no template"):
        agreements.from_template(context, "acme-uc", [Row(place="row 2", customer="acme")])
    with pytest.raises(NotFound, match="there is no agreement gould · did you mean 'gold'"):
        agreements.find(context, "gould")


def test_a_change_needs_its_reason_and_a_dry_run_none(context: Context, tmp_path: Path) -> None:
    configure(context, tmp_path)
    one = agreements.find(context, "acme-uc").document
    changed = renewal.terminated(one, date(2026, 5, 31))
    silent = Order(actor="maria", now=START)
    with pytest.raises(Refused, match="needs its reason · the other side will ask · add --reason"):
        agreements.carry_out(context, VAULT, [changed], silent, dry=False)
    done = agreements.carry_out(context, VAULT, [changed], silent, dry=True)
    assert [change.action for change in done.plan.effective] == [Action.CHANGE]
    assert "terminated_on" not in agreements.find(context, "acme-uc").document


def test_a_copy_that_holds_for_the_same_tickets_is_refused(context: Context, tmp_path: Path) -> None:
    configure(context, tmp_path)
    one = agreements.find(context, "acme-uc").document
    copy = renewal.made_from(
        one,
        Party(code="acme-2", consumer="acme"),
        Term(begins=date(2026, 6, 1), until=None),
        day=date(2026, 3, 2),
    )
    with pytest.raises(Invalid) as raised:
        agreements.carry_out(context, VAULT, [copy], ORDER, dry=False)
    assert "hold for the same tickets from 2026-06-01 until 2026-06-30" in raised.value.problems[0]


def test_r25_a_drafts_signature_and_an_early_end_stand_in_the_history(
    either: Context, tmp_path: Path
) -> None:
    context = configure(either, tmp_path)
    one = agreements.find(context, "acme-uc").document
    after = Term(begins=date(2026, 7, 1), until=date(2026, 12, 31))
    draft = renewal.made_from(
        one, Party(code="acme-2", consumer="acme", draft=True), after, day=date(2026, 3, 2)
    )
    for document in (
        draft,
        renewal.activated(draft),
        renewal.terminated(renewal.activated(draft), date(2026, 8, 1)),
    ):
        agreements.carry_out(context, VAULT, [document], ORDER, dry=False)
        lifecycle.run(context, now=START)
    found = agreements.history(context, "acme-2")
    assert [(each.what, each.after, each.on_day) for each in found if each.actor == "maria"] == [
        ("made", "", "2026-07-01"),
        ("activated", "", ""),
        ("terminated", "", "2026-08-01"),
    ]
    assert [each.after for each in found if each.what == "state"] == ["draft", "planned"]


def test_two_providers_may_use_one_code(context: Context, tmp_path: Path) -> None:
    second = CONTRACT + CONTRACT.split("agreements:\n")[1].replace(
        "organization: north", "organization: acme"
    ).replace("consumer: acme", "consumer: north")
    calendars = "calendars:\n  - {code: always, organization: acme, always: true}\n"
    configure(context, tmp_path, second.replace("calendars:\n", calendars))
    with pytest.raises(
        Invalid, match="'acme-uc' may be one of 2 agreements · name one of acme/acme-uc, north/acme-uc"
    ):
        agreements.find(context, "acme-uc")
    assert agreements.find(context, "north/acme-uc").document["consumer"] == "acme"
    assert [each.what for each in agreements.history(context, "north/acme-uc")] == ["made"]
