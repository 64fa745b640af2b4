"""`interdesk agreements`: shown before it is done, done whole, and told with who and why; and what is wrong with what somebody asks."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.reports.publication import Line, Publication
from gateway.flows import contracts, sweep
from gateway.store import publications
from gateway.testing.loopback import PLAIN, LoopbackDesk
from tests.api import house
from tests.cli.conftest import Run

TODAY = utc_now().date()
DAY = timedelta(days=1)
CONTRACTS = f"""
organizations:
  - {{code: east, name: East Stores, parent: north}}
  - {{code: west, name: West Stores, parent: north}}
calendars:
  - {{code: always, organization: south, always: true}}
agreements:
  - code: south-uc
    organization: south
    consumer: north
    kind: uc
    calendar: always
    targets: {{resolution: {{critical: 4h}}}}
    valid_from: {TODAY - 200 * DAY}
    valid_until: {TODAY + 100 * DAY}
  - code: gold
    organization: south
    template: true
    kind: sla
    calendar: always
    targets: {{resolution: {{critical: 2h}}}}
"""
WHY = ("--reason", "signed on Monday")
FIRST, LAST = str(TODAY + 10 * DAY), str(TODAY + 100 * DAY)

Told = Callable[..., str]


@pytest.fixture
def done(gateway: Gateway, tmp_path: Path, run: Run) -> Told:
    """Runs a command of the group that must go well; what it said, on one line."""
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS, encoding="utf-8")
    applied = run("apply", str(file), "--yes")
    assert applied.exit_code == 0, applied.stderr

    def command(*words: str) -> str:
        result = run("agreements", *words)
        assert result.exit_code == 0, result.stderr
        return " ".join((result.stdout + result.stderr).split())

    return command


def opened(gateway: Gateway) -> str:
    """A ticket that is open under south-uc; its id."""
    desk = LoopbackDesk(PLAIN, clock=utc_now, hook_secret=house.HOOK_SECRET.encode())
    desk.person("ann").open("The till is dead", queue="Field", priority="urgent")
    house.hear(gateway, desk, "north")
    return "south-uc"


def rows(run: Run, *words: str) -> list[dict[str, object]]:
    return [orjson.loads(line) for line in run("agreements", *words, "--json").stdout.splitlines()]


def test_agreements_are_listed_with_state_and_level(done: Told, run: Run) -> None:
    found = {str(row["agreement"]): row for row in rows(run, "list")}
    assert found["south-uc"]["state"] == "active"
    assert found["south-uc"]["level"] == "customer"
    assert found["south-uc"]["version"] == 1
    assert found["gold"]["state"] == "template"
    assert [row["agreement"] for row in rows(run, "list", "--state", "active")] == ["south-uc"]
    assert (
        "there is no state 'sleeping' · one of draft"
        in run("agreements", "list", "--state", "sleeping").stderr
    )


def test_an_amendment_is_shown_before_and_after_it_is_made(gateway: Gateway, done: Told, run: Run) -> None:
    opened(gateway)
    words = ("amend", "south-uc", "--from", FIRST, "--set", "targets.resolution.critical=1h")
    foretold = done(*words, "--dry-run")
    assert (
        "south-uc: 1 open tickets are bound to it; bound anew, 1 of their open clocks would stand otherwise"
        in foretold
    )
    assert "under the terms that held: no clock ended; under these: no clock ended" in foretold
    assert "agreement south/south-uc: would be changed" in foretold
    assert len(rows(run, "show", "south-uc")[0]["versions"]) == 1  # type: ignore[arg-type]

    assert "agreement south/south-uc: changed" in done(*words, *WHY)
    [shown] = rows(run, "show", "south-uc")
    assert shown["versions"] == [
        {"version": 1, "from": str(TODAY - 200 * DAY), "until": str(TODAY + 9 * DAY), "what": []},
        {"version": 2, "from": FIRST, "until": LAST, "what": ["targets"]},
    ]
    again = run("agreements", *words, *WHY)
    assert (again.exit_code, f"south-uc says so already on {FIRST}" in again.stderr) == (5, True)


def test_a_plan_tells_what_a_changed_agreement_would_do(
    gateway: Gateway, done: Told, run: Run, tmp_path: Path
) -> None:
    opened(gateway)
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS.replace("critical: 4h", "critical: 1h"), encoding="utf-8")
    told = " ".join(run("plan", str(file)).stderr.split())
    assert (
        "south-uc: 1 open tickets are bound to it; bound anew, 1 of their open clocks would stand otherwise"
        in told
    )
    file.write_text(CONTRACTS.replace("    kind: uc\n", "    kind: uc\n    draft: true\n"), encoding="utf-8")
    assert run("plan", str(file)).exit_code == 0, "a draft binds nobody, so there is nothing to be told"


def test_a_renewal_and_its_history(gateway: Gateway, done: Told, run: Run) -> None:
    after, end = str(TODAY + 101 * DAY), str(TODAY + 400 * DAY)
    done("renew", "south-uc", "--from", after, "--until", end, *WHY)
    sweep.run(gateway.context, now=utc_now())
    found = rows(run, "history", "south-uc")
    assert [(row["what"], row["state"], row["actor"]) for row in found] == [
        ("made", "", "maria"),
        ("renewed", "", "maria"),
        ("state", "active", "gateway"),
    ]
    assert found[1]["reason"] == "signed on Monday"
    assert found[1]["told"] == {"until": end, "fields": []}
    assert "renewed" in done("history", "south-uc")


def test_a_late_signature_says_what_is_left_to_be_done(
    gateway: Gateway, done: Told, tmp_path: Path, run: Run
) -> None:
    ended = CONTRACTS.replace(
        f"valid_until: {LAST}", f"valid_until: {TODAY - 5 * DAY}\n    after_end: in_renewal"
    )
    (tmp_path / "contracts.yaml").write_text(ended, encoding="utf-8")
    assert run("apply", str(tmp_path / "contracts.yaml"), "--yes").exit_code == 0
    opened(gateway)
    [ticket] = contracts.open_under(gateway.context, "south-uc")
    assert "it had ended, and goes on until it is renewed" in " ".join(
        run("sla", "explain", ticket).stdout.split()
    )

    told = done("renew", "south-uc", "--from", str(TODAY - 4 * DAY), "--until", LAST, *WHY)
    assert "1 open tickets stand under the term before; to count them under this one" in told
    done("rebind", "--open", "--agreement", "south-uc", "--yes", *WHY)
    assert "it had ended" not in " ".join(run("sla", "explain", ticket).stdout.split())


def test_what_is_shown_as_yaml_can_be_applied_again(done: Told, run: Run, tmp_path: Path) -> None:
    done("amend", "south-uc", "--from", FIRST, "--set", "targets.resolution.critical=1h", *WHY)
    file = tmp_path / "shown.yaml"
    file.write_text(run("agreements", "show", "south-uc", "--yaml").stdout, encoding="utf-8")
    assert "0 to create, 0 to change, 0 to remove, 1 unchanged" in run("plan", str(file)).stderr


def test_customers_of_a_list_get_agreements_from_a_template(done: Told, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text(f"customer;until\neast;{LAST}\nwest;{TODAY + 50 * DAY}\n", encoding="utf-8")
    words = ("renew", "--template", "gold", "--for-file", str(file), "--from", FIRST)
    foretold = done(*words, "--dry-run")
    assert f"customers.csv row 2 east east-gold made {FIRST} {LAST}" in foretold
    assert "would be: 2 made, 0 renewed, 0 unchanged; nothing was changed" in foretold
    assert len(rows(run, "list")) == 2
    assert "2 made, 0 renewed, 0 unchanged" in done(*words, *WHY)
    assert "0 made, 0 renewed, 2 unchanged" in done(*words, *WHY)
    assert {row["agreement"] for row in rows(run, "list", "--state", "planned")} == {"east-gold", "west-gold"}

    file.write_text(f"customer;until\neast;{LAST}\nwist;{LAST}\n", encoding="utf-8")
    refused = run("agreements", *words, *WHY)
    assert refused.exit_code == 3
    assert "1 of 2 rows cannot be done; nothing was changed" in refused.stderr
    assert "customers.csv row 3: there is no organization 'wist'; did you mean 'west'?" in refused.stderr


def test_a_draft_is_signed_and_ended(done: Told, run: Run) -> None:
    done("copy", "gold", "east-sla", "--consumer", "east", "--from", FIRST, "--draft", *WHY)
    assert rows(run, "show", "east-sla")[0]["state"] == "draft"
    done("activate", "east-sla", *WHY)
    assert rows(run, "show", "east-sla")[0]["state"] == "planned"
    assert "terminated_on: (none) →" in done("terminate", "east-sla", "--on", LAST, *WHY)
    assert rows(run, "show", "east-sla")[0]["valid_until"] == LAST


def publish(gateway: Gateway, period: str) -> None:
    with gateway.database.write() as db:
        org_id = next(
            one.id for one in gateway.context.directory(db).organizations.values() if one.code == "north"
        )
        line = Line(kind="compliance", subject="north", period=period, view="customer")
        made = Publication(
            id="pub_1", org_id=org_id, line=line, version=2, made_at=utc_now(), made_by="maria", sha256="s",
            document={}, evidence={}, seal="s",
        )  # fmt: skip
        publications.append(db, made)


def test_an_amendment_backwards_over_a_published_period_says_so_and_asks(
    gateway: Gateway, done: Told, run: Run
) -> None:
    month = f"{TODAY - 40 * DAY:%Y-%m}"
    publish(gateway, month)
    words = (
        "amend",
        "south-uc",
        "--from",
        str(TODAY - 90 * DAY),
        "--set",
        "targets.resolution.critical=1h",
        *WHY,
    )
    asked = run("agreements", *words)
    assert asked.exit_code == 5
    assert f"it reaches back over 1 published reports: compliance north {month} (version 2)" in asked.stderr
    assert "publish them again afterwards, which makes new versions with the difference" in asked.stderr
    assert "this asks before it changes something" in asked.stderr
    assert len(rows(run, "show", "south-uc")[0]["versions"]) == 1  # type: ignore[arg-type]
    done(*words, "--yes")
    assert len(rows(run, "show", "south-uc")[0]["versions"]) == 2  # type: ignore[arg-type]


def test_a_plan_names_the_published_reports_that_it_reaches_back_over(
    gateway: Gateway, done: Told, run: Run, tmp_path: Path
) -> None:
    month = f"{TODAY - 40 * DAY:%Y-%m}"
    publish(gateway, month)
    change = (
        f"    amendments: [{{from: {TODAY - 90 * DAY}, change: {{calendar: always, services: [tills]}}}}]\n"
    )
    file = tmp_path / "contracts.yaml"
    file.write_text(CONTRACTS.replace("    kind: uc\n", "    kind: uc\n" + change), encoding="utf-8")
    told = " ".join(run("plan", str(file)).stderr.split())
    assert (
        f"⚠ south/south-uc changes from {TODAY - 90 * DAY} on, over 1 published reports: compliance north {month}"
        in told
    )


def test_an_amendment_to_come_asks_nothing(gateway: Gateway, done: Told) -> None:
    publish(gateway, f"{TODAY - 40 * DAY:%Y-%m}")
    done("amend", "south-uc", "--from", FIRST, "--set", "targets.resolution.critical=1h", *WHY)


def test_binding_anew_can_be_tried(gateway: Gateway, done: Told, run: Run) -> None:
    opened(gateway)
    done("amend", "south-uc", "--from", str(TODAY), "--set", "targets.resolution.critical=1h", *WHY)
    told = done("rebind", "--open", "--agreement", "south-uc", "--dry-run", *WHY)
    assert "1 of their open clocks would stand otherwise" in told
    assert "1 of 1 tickets bound anew" in done("rebind", "--open", "--agreement", "south-uc", "--yes", *WHY)
    assert "0 of their open clocks would stand otherwise" in done(
        "rebind", "--open", "--agreement", "south-uc", "--dry-run", *WHY
    )


def test_r27_the_explanation_says_on_which_level_it_holds(gateway: Gateway, done: Told, run: Run) -> None:
    opened(gateway)
    [ticket] = contracts.open_under(gateway.context, "south-uc")
    told = run("sla", "explain", ticket)
    assert "south-uc holds at South Services" in told.stdout
    assert "on the level of customer" in " ".join(told.stdout.split())


WRONG = {
    "no such agreement": (["show", "south-us"], 2, "there is no agreement south-us · did you mean 'south-uc'?"),
    "no reason": (["terminate", "south-uc", "--on", FIRST], 5, "changing an agreement needs its reason"),
    "no day": (["terminate", "south-uc", "--on", "soon", *WHY], 3, "--on 'soon' is no day · write 2026-07-01"),
    "ended before it begins": (
        ["terminate", "south-uc", "--on", "2020-01-01", *WHY],
        5,
        f"south-uc begins on {TODAY - 200 * DAY} · end it on {TODAY - 200 * DAY} or later",
    ),
    "ended after its end": (
        ["terminate", "south-uc", "--on", "2099-01-01", *WHY],
        5,
        f"south-uc ends on {LAST} anyway · 2099-01-01 is after that · name an earlier day",
    ),
    "signed twice": (["activate", "south-uc", *WHY], 5, "south-uc is no draft"),
    "renewed too early": (
        ["renew", "south-uc", "--from", LAST, "--until", "2099-12-31", *WHY],
        5,
        f"the renewal from {LAST} begins before the last term of south-uc ends on {LAST} · two terms would hold on the same days",
    ),
    "renewed backwards": (
        ["renew", "south-uc", "--from", "2099-01-01", "--until", "2098-01-01", *WHY],
        5,
        "the renewal of south-uc has no days · it would end on 2098-01-01, before it begins · give --from before --until",
    ),
    "renewed without an end": (["renew", "south-uc", "--from", "2099-01-01", *WHY], 5, "it needs an end"),
    "renewed from nothing": (["renew", *WHY], 3, "renew what? · AGREEMENT, or --template with --for-file"),
    "amended to nothing": (["amend", "south-uc", "--from", FIRST, *WHY], 3, "amend what? · add --set PATH=VALUE"),
    "amended in what is fixed": (
        ["amend", "south-uc", "--from", FIRST, "--set", "consumer=east", *WHY],
        5,
        "consumer cannot be amended · it is the same for all versions of an agreement",
    ),
    "amended to what no agreement says": (
        ["amend", "south-uc", "--from", FIRST, "--set", "targets.resolution.critical=soon", *WHY],
        3,
        'write a length of time, like 90s, 15m, 4h or 3d',
    ),
    "amended before it begins": (
        ["amend", "south-uc", "--from", "2020-01-01", "--set", "targets.resolution.critical=1h", *WHY],
        3,
        f"it begins on 2020-01-01, the agreement itself on {TODAY - 200 * DAY}",
    ),
    "amended after its end": (
        ["amend", "south-uc", "--from", "2099-01-01", "--set", "targets.resolution.critical=1h", *WHY],
        3,
        f"it begins on 2099-01-01, but the agreement ends on {LAST}; say `valid_until` as well, which renews it",
    ),
    "set without a value": (
        ["amend", "south-uc", "--from", FIRST, "--set", "targets", *WHY],
        3,
        "'targets' sets nothing · write targets.resolution.critical=4h",
    ),
    "a copy over the same days": (
        ["copy", "south-uc", "second", "--from", FIRST, *WHY],
        3,
        "agreement south/second and agreement south/south-uc hold for the same tickets",
    ),
    "a template for nobody": (
        ["copy", "gold", "second", "--from", FIRST, *WHY],
        3,
        "for whom? · gold is a template · add --consumer CODE",
    ),
    "the history of nothing": (["history", "south-us"], 2, "there is no agreement south-us"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "code", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_said_with_what_to_do(
    done: Told, run: Run, words: list[str], code: int, told: str
) -> None:
    refused = run("agreements", *words)
    assert refused.exit_code == code, refused.stderr
    assert told in " ".join(refused.stderr.split()), refused.stderr
    assert len(rows(run, "show", "south-uc")[0]["versions"]) == 1  # type: ignore[arg-type]
