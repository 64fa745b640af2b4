"""Stop-clock requests of a ticket that really is in the chain: made at a desk or asked for afterwards, decided, disputed, voided."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain import progress
from gateway.domain.case import Because
from gateway.domain.model import HopStatus, Reason
from gateway.flows import sla
from gateway.flows.context import OPERATOR
from gateway.store import audit, cases
from tests.api import house
from tests.api.house import Chain
from tests.cli.conftest import Run

CONTRACTS = """
organizations:
  - {code: mall, name: The Mall}
sites:
  - {organization: mall, code: MI-1, name: Milan}
calendars:
  - {code: always, organization: north, always: true}
  - {code: always, organization: south, always: true}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    targets: {acceptance: {critical: 15m}, resolution: {critical: 4h}}
    stops:
      requester_info: by_consumer
      site_access: {decided: by_consumer, evidence: [permit_number, photo]}
      third_party: {decided: automatic, expected_end: true}
      waiting_for_cab: {refines: requester_approval, decided: automatic}
"""


@pytest.fixture
def chain(gateway: Gateway, tmp_path: Path, run: Run) -> Chain:
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    assert run("apply", str(file), "--yes").exit_code == 0
    return house.open_chain(gateway)


def shown(run: Run, chain: Chain, *more: str) -> Any:
    return orjson.loads(run("sla", "show", chain.ticket, "--json", *more).stdout)


def test_an_exclusion_needs_a_reason_and_a_span(run: Run, chain: Chain) -> None:
    hop = chain.hops["south"]
    span = ("--from", "2026-01-01T10:00:00+00:00", "--to", "2026-01-01T09:00:00+00:00")
    assert "ends before it begins" in run("exclude", hop, *span, "--reason", "test").stderr
    right = ("--from", "2026-01-01T09:00:00+00:00", "--to", "2026-01-01T10:00:00+00:00")
    assert "recorded" in run("exclude", hop, *right, "--reason", "agreed with Ann").stderr


def test_a_request_that_is_none(run: Run, chain: Chain) -> None:
    refused = run("stops", "void", "evt_none", "--reason", "no")
    assert (refused.exit_code, "evt_none is no stop request" in refused.stderr) == (2, True)
    assert "nobody asked for a stop" in run("stops", "list", chain.ticket).stderr


def test_a_question_stops_the_clock_once_it_is_accepted_and_as_never_when_it_is_voided(
    gateway: Gateway, run: Run, chain: Chain
) -> None:
    hop = chain.hops["south"]
    with gateway.database.write() as db:
        case = next(
            iter(cases.load(db, OPERATOR, [chain.ticket], gateway.context.occasion(db, utc_now())).values())
        )
        asked = progress.move(case, case.hops[hop], HopStatus.PENDING, Reason.REQUESTER_INFO, Because())
        case.record("news.delivered", case.hops[hop], Because(cause_id=asked.id))
        cases.save(db, [case])
    listed = [orjson.loads(line) for line in run("stops", "list", chain.ticket, "--json").stdout.splitlines()]
    [(request, standing)] = {(one["request"], one["standing"]) for one in listed}
    assert standing == "open"
    assert resolution(run, chain) == "running"

    assert run("stops", "accept", request, "--reason", "we do owe an answer").exit_code == 0
    assert resolution(run, chain) == "running (stopped)"
    disputed = run("stops", "dispute", request, "--reason", "we answered by phone", "--actor", "ann")
    assert f"south-uc/{hop}/resolution: running (stopped)" in disputed.stderr
    assert resolution(run, chain) == "running"
    run("stops", "uphold", request, "--reason", "no call is on record")
    assert resolution(run, chain) == "running (stopped)"
    run("stops", "void", request, "--reason", "the answer stood in the ticket all along")
    assert resolution(run, chain) == "running"
    assert run("stops", "void", request).exit_code == 2

    with gateway.database.read() as db:
        actions = [(one["actor"], one["action"]) for one in audit.entries(db, OPERATOR, subject=request)]
    assert ("ann", "stop disputed") in actions


def begun(run: Run, chain: Chain) -> datetime:
    return datetime.fromisoformat(shown(run, chain)["clocks"][-1]["started_at"])


def accepted(run: Run, chain: Chain) -> tuple[str, datetime]:
    """The assignment, and a moment from which on it holds the ticket."""
    assert run("accept", chain.hops["south"]).exit_code == 0
    return chain.hops["south"], utc_now()


def asked(run: Run, hop: str, code: str, start: datetime, *more: str, end: datetime | None = None) -> Any:
    span = ("--from", start.isoformat(), "--to", (end or utc_now()).isoformat())
    return run("stops", "request", hop, "--code", code, *span, "--reason", "the guard let nobody in", *more)


def test_r16_a_stop_asked_for_afterwards_with_its_evidence_counts_once_it_is_accepted(
    gateway: Gateway, run: Run, chain: Chain
) -> None:
    hop, start = accepted(run, chain)
    done = asked(
        run, hop, "site_access", start, "--evidence", "permit_number=4711", "--evidence", "photo=gate.jpg"
    )
    assert (done.exit_code, "recorded; no clock changed" in done.stderr) == (0, True), done.stderr
    request = done.stderr.split()[0]
    [listed] = [
        orjson.loads(line) for line in run("stops", "list", chain.ticket, "--json").stdout.splitlines()
    ]
    assert (listed["request"], listed["code"], listed["standing"]) == (request, "site_access", "open")
    assert listed["evidence"] == "permit_number, photo"

    assert run("stops", "accept", request, "--reason", "the guard says so too").exit_code == 0
    found = sla.read(gateway.context, chain.ticket, now=utc_now())
    [clock] = [one for one in found.clocks if one.target_kind == "resolution"]
    assert clock.stopped_time > timedelta()
    with gateway.database.read() as db:
        [told] = [
            one for one in audit.entries(db, OPERATOR, subject=hop) if one["action"] == "stop requested"
        ]
    assert told["after"]["evidence permit_number"] == "4711"
    assert "4711" not in str(found.folded.told.records), "what people wrote stands in no event"


def test_r16_a_request_past_its_expected_end_stops_no_longer(
    gateway: Gateway, run: Run, chain: Chain
) -> None:
    hop, start = accepted(run, chain)
    soon = start + (utc_now() - start) / 2
    done = asked(run, hop, "third_party", start, "--expected-end", soon.isoformat())
    assert done.exit_code == 0, done.stderr
    found = sla.read(gateway.context, chain.ticket, now=utc_now())
    [clock] = [one for one in found.clocks if one.target_kind == "resolution"]
    assert clock.stopped_time == soon - start


def test_r15_a_code_of_ones_own_is_asked_for_by_its_name(gateway: Gateway, run: Run, chain: Chain) -> None:
    hop, start = accepted(run, chain)
    assert asked(run, hop, "waiting_for_cab", start).exit_code == 0
    found = sla.read(gateway.context, chain.ticket, now=utc_now())
    [request] = found.folded.stops.requests.values()
    assert (request.code, request.own_code) == ("requester_approval", "waiting_for_cab")
    refused = asked(run, hop, "requester_approval", start)
    assert "no agreement stops its clock for requester_approval" in refused.stderr


LONG_AGO, LATER = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "more", "told"),
    [
        pytest.param(
            "site_acces",
            [],
            ["there is no reason code 'site_acces'", "did you mean 'site_access'?"],
            id="unknown",
        ),
        pytest.param(
            "parts_own",
            [],
            ["parts_own stops no clock", "the provider's own time", "name the code"],
            id="own parts",
        ),
        pytest.param(
            "carrier",
            [],
            [
                "no agreement stops its clock for carrier",
                "requester_info, site_access",
                "bind the ticket anew",
            ],
            id="not named",
        ),
        pytest.param(
            "site_access",
            ["--evidence", "photo=x"],
            [
                "south-uc wants evidence for site_access: permit_number",
                "does not count",
                "--evidence permit_number=…",
            ],
            id="without evidence",
        ),
        pytest.param(
            "site_access",
            ["--evidence", "hearsay=x"],
            ["'hearsay' is no kind of evidence", "known: contact_attempts, permit_number"],
            id="hearsay",
        ),
        pytest.param("site_access", ["--evidence", "photo"], ["write KIND=TEXT"], id="no words"),
    ],
)
def test_a_request_says_what_is_wrong_with_its_code(
    run: Run, chain: Chain, code: str, more: list[str], told: list[str]
) -> None:
    refused = asked(run, chain.hops["south"], code, begun(run, chain), *more)
    assert refused.exit_code != 0
    assert [one for one in told if one not in refused.stderr] == [], refused.stderr


def test_a_request_before_its_cause_or_in_the_future_is_refused(run: Run, chain: Chain) -> None:
    hop = chain.hops["south"]
    early = asked(run, hop, "requester_info", LONG_AGO, end=LONG_AGO + timedelta(hours=1))
    assert "no clock of this assignment ran in that span · the first one started at" in early.stderr
    assert "interdesk sla show TICKET tells when clocks ran" in early.stderr
    late = asked(run, hop, "requester_info", begun(run, chain), end=LATER)
    assert "the stop lies in the future · it would end at 2099-01-01" in late.stderr
    assert "put the ticket on hold at its desk" in late.stderr
    turned = asked(run, hop, "requester_info", LATER, end=LONG_AGO)
    assert "the stop ends before it begins · give --from before --to" in turned.stderr
    naive = run("stops", "request", hop, "--code", "requester_info", "--from", "2026-01-01T09:00:00",
                "--to", "2026-01-01T10:00:00", "--reason", "x")  # fmt: skip
    assert "'2026-01-01T09:00:00' has no offset · write 2026-03-01T09:00:00+01:00" in naive.stderr
    nowhere = asked(run, "hop_none", "requester_info", LONG_AGO)
    assert "no assignment hop_none · interdesk tickets show TICKET lists them" in nowhere.stderr


def test_a_request_at_a_withdrawn_assignment_names_a_span_in_which_nothing_ran(
    run: Run, chain: Chain
) -> None:
    hop = chain.hops["south"]
    assert run("withdraw", hop, "--reason", "wrong partner").exit_code == 0
    gone = utc_now()
    refused = asked(run, hop, "requester_info", gone, end=utc_now())
    assert "no clock of this assignment ran in that span" in refused.stderr


def resolution(run: Run, chain: Chain) -> str:
    return str(next(one["state"] for one in shown(run, chain)["clocks"] if "resolution" in one["clock"]))
