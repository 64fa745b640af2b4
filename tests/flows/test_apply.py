"""Applying configuration files: what is made, changed, kept and refused, on both databases."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from gateway.domain.directory import Directory
from gateway.domain.model import LinkState
from gateway.domain.plan import Action, Kind, Plan
from gateway.errors import ConfigError, Invalid, Refused, Unsupported
from gateway.flows.apply import apply, plan
from gateway.flows.context import OPERATOR, Context
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.installation.secret_sources import SecretSource
from gateway.store import audit, directory, rows
from gateway.store.db import Database
from gateway.vault import Vault, new_entry, ring
from tests.flows import installation
from tests.flows.installation import FILE, SECRETS, write

CHECKOUT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VAULT = ring(new_entry("k1"))


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def context() -> Iterator[Context]:
    database = Database("sqlite://")
    yield installation.context(database)
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Context]:
    url = (
        f"sqlite:///{tmp_path / 'x.db'}"
        if request.param == "sqlite"
        else request.getfixturevalue("migrated_postgres")
    )
    database = Database(url)
    yield installation.context(database)
    database.close()


class Scene:
    """Applies texts, one after the other, and looks at what came of it."""

    def __init__(self, context: Context, folder: Path) -> None:
        self.context = context
        self.folder = folder

    def apply(self, text: str = FILE, *, vault: Vault = VAULT, **terms: Any) -> Plan:
        wanted = read(write(self.folder, text))
        return apply(self.context, wanted, Terms(vault=vault, **terms), actor="maria", now=NOW)

    def plan(self, text: str = FILE, **terms: Any) -> Plan:
        return plan(self.context, read(write(self.folder, text)), Terms(vault=VAULT, **terms))

    def directory(self, vault: Vault = VAULT) -> Directory:
        with self.context.database.read() as db:
            manifest_of = self.context.registry.manifest
            return directory.load(db, OPERATOR, manifest_of=manifest_of, open_secret=vault.open)

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.context.database.read() as db:
            return [dict(row) for row in db.execute(select(table)).mappings()]

    def desk(self, code: str) -> dict[str, Any]:
        return next(row for row in self.rows(rows.desk) if row["code"] == code)

    def refused(self, text: str, **terms: Any) -> str:
        with pytest.raises((Invalid, Unsupported)) as raised:
            self.plan(text, **terms)
        return str(raised.value)


@pytest.fixture
def scene(context: Context, tmp_path: Path) -> Scene:
    return Scene(context, tmp_path)


def test_everything_is_made_and_a_second_time_nothing(either: Context, tmp_path: Path) -> None:
    scene = Scene(either, tmp_path)

    first = scene.apply()
    second = scene.apply()

    assert first.count()["create"] == 9
    assert [change.ref.kind for change in first.changes] == sorted(
        (change.ref.kind for change in first.changes), key=list(Kind).index
    )
    assert second.effective == ()
    assert second.count()["unchanged"] == 9
    assert first.version == second.version == 1


def test_flows_find_in_the_directory_what_the_file_says(either: Context, tmp_path: Path) -> None:
    scene = Scene(either, tmp_path)
    scene.apply()

    found = scene.directory()

    acme, north = found.desk_by_code("acme"), found.desk_by_code("north")
    assert acme is not None
    assert north is not None
    assert acme.settings == {"queue": "Incoming"}
    assert acme.hook_secrets == (SECRETS["ACME_HOOK"].encode(),)
    assert found.organization_name(north.org_id) == "North Services"
    (link,) = found.links_from(acme.id)
    assert found.links_to(north.id) == (link,)
    assert link.answer_within_default == timedelta(hours=2)
    assert found.site(acme.org_id, "MI-001") is not None
    assert found.asset(acme.org_id, "TILL-7") is not None
    stretches = [
        (sorted(row.days), row.opens_minute, row.closes_minute, row.zone)
        for row in found.coverage_of(acme.org_id)
    ]
    assert stretches == [
        ([0, 1, 2, 3, 4], 480, 1080, "Europe/Rome"),
        ([5], 1320, 1440, "Europe/Rome"),
        ([6], 0, 120, "Europe/Rome"),
    ]


def test_secrets_are_sealed_where_they_lie_and_shown_nowhere(either: Context, tmp_path: Path) -> None:
    scene = Scene(either, tmp_path)

    made = scene.apply()

    kept = repr([scene.rows(table) for table in (rows.desk, audit.AUDIT)]) + repr(made)
    assert not [secret for secret in SECRETS.values() if secret in kept]
    row = scene.desk("acme")
    opened = VAULT.open(row["sealed_credentials"], directory.credentials_place(row["org_id"], row["id"]))
    assert SECRETS["ACME_PASSWORD"] in opened
    shown = {each.path: each.after for each in made.of(Action.CREATE)[5].differences}
    assert shown["credentials.user"] == "interdesk"
    assert shown["credentials.secret"] == shown["hook.secrets[0]"] == "sealed"


def test_a_change_is_told_field_by_field(scene: Scene) -> None:
    scene.apply()

    changed = scene.plan(FILE.replace("Acme Stores", "Acme").replace("critical: 15m, ", ""))

    told = {
        (str(change.ref), each.path): (each.before, each.after)
        for change in changed.effective
        for each in change.differences
    }
    assert told == {
        ("organization acme", "name"): ("Acme Stores", "Acme"),
        ("link acme-north", "answer_within.critical"): ("15m", None),
    }


def test_planning_writes_nothing(scene: Scene) -> None:
    scene.plan()

    assert scene.rows(rows.desk) == []
    assert scene.directory().version == 0


def test_a_new_secret_is_a_change_that_is_not_shown(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.apply()
    monkeypatch.setenv("NORTH_KEY", "north-key-two")

    changed = scene.apply()

    (change,) = changed.effective
    assert [(each.path, each.before, each.after) for each in change.differences] == [
        ("credentials.secret", "sealed", "sealed")
    ]
    assert scene.desk("north")["version"] == 2
    assert scene.apply().effective == ()


def test_another_key_ring_reads_as_a_changed_secret_and_giving_it_again_cures(scene: Scene) -> None:
    scene.apply()
    other = ring(new_entry("k9"))

    changed = scene.apply(vault=other)

    assert {change.ref.code for change in changed.effective} == {"acme", "north"}
    assert scene.directory(other).version == 2


def test_a_rotated_ring_changes_nothing(scene: Scene) -> None:
    scene.apply()
    rotated = Vault(current="k2", keys={**ring(new_entry("k2")).keys, **VAULT.keys})

    assert scene.apply(vault=rotated).effective == ()


def test_a_hook_token_is_kept_as_its_hash(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "t" * 32)
    text = FILE.replace(
        "hook: {secrets: [{env: ACME_HOOK}]}", "hook: {token: {env: TOKEN}, secrets: [{env: ACME_HOOK}]}"
    )
    scene.apply(text)

    assert scene.desk("acme")["hook_token_hash"] != "t" * 32
    assert scene.apply(text).effective == ()
    monkeypatch.setenv("TOKEN", "u" * 32)
    assert [each.path for each in scene.plan(text).effective[0].differences] == ["hook.token"]


def test_every_change_is_audited_under_its_actor(scene: Scene) -> None:
    scene.apply()
    scene.apply(FILE.replace("Acme Stores", "Acme"))

    with scene.context.database.read() as db:
        newest, *older = audit.entries(db, OPERATOR)
        one = audit.entries(db, OPERATOR, subject="organization acme")

    assert (newest["actor"], newest["action"], newest["subject"]) == (
        "maria",
        "configuration change",
        "organization acme",
    )
    assert (newest["before"], newest["after"], newest["at"]) == (
        {"name": "Acme Stores"},
        {"name": "Acme"},
        NOW,
    )
    assert len(older) == 9
    assert len(one) == 2


def test_a_plan_somebody_agreed_to_is_not_carried_out_on_another_directory(scene: Scene) -> None:
    seen = scene.plan()
    scene.apply()

    with pytest.raises(Refused, match="plan again"):
        scene.apply(FILE.replace("Acme Stores", "Acme"), seen_version=seen.version)


def test_the_state_of_a_link_stays_as_people_set_it_unless_the_file_says(scene: Scene) -> None:
    scene.apply()
    with scene.context.database.write() as db:
        db.execute(update(directory.LINK).values(state="paused"))
        directory.bump(db)

    assert scene.apply().effective == ()
    assert [link.state for link in scene.directory().links.values()] == [LinkState.PAUSED]
    scene.apply(FILE.replace("    upstream: acme\n", "    upstream: acme\n    state: active\n"))
    assert [link.state for link in scene.directory().links.values()] == [LinkState.ACTIVE]


def test_new_credentials_release_a_held_desk(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.apply()
    with scene.context.database.write() as db:
        db.execute(update(rows.desk).values(held="401", held_at=NOW, breaker={"open": True}))
    monkeypatch.setenv("NORTH_KEY", "north-key-two")

    scene.apply()

    assert (scene.desk("north")["held"], scene.desk("north")["breaker"]) == ("", None)
    assert scene.desk("acme")["held"] == "401"


def hop(number: int, desk_id: str, unmapped: list[str], **more: Any) -> dict[str, Any]:
    values = {
        "id": f"hop_{number}",
        "org_id": "org_1",
        "ticket_id": "tkt_1",
        "desk_id": desk_id,
        "remote_id": str(number),
        "status": "in_progress",
        "unmapped": unmapped,
        "asked": False,
        "next_seq": 1,
        "version": 0,
    }
    return values | more


@pytest.mark.parametrize(
    ("text", "looked_at"),
    [
        (FILE.replace("zone: Europe/Rome\n    settings", "profile: {defaults: {q: x}}\n    settings"), ["1"]),
        (FILE.replace("code: MI-001,", "code: MI-002,").replace("site: MI-001", "site: MI-002"), ["1", "3"]),
        (FILE.replace("Acme Stores", "Acme"), []),
    ],
    ids=["a new profile", "a new site", "a new name"],
)
def test_what_nobody_could_read_is_looked_at_again(scene: Scene, text: str, looked_at: list[str]) -> None:
    scene.apply()
    acme, north = scene.desk("acme")["id"], scene.desk("north")["id"]
    with scene.context.database.write() as db:
        db.execute(insert(rows.hop), [hop(1, acme, ["status"]), hop(2, acme, []), hop(3, north, ["site"])])

    scene.apply(text)

    assert sorted((look["remote_id"]) for look in scene.rows(rows.look)) == looked_at
    assert all(look["due_at"] == NOW for look in scene.rows(rows.look))


SMALLER = """
organizations: [{code: acme, name: Acme Stores, zone: Europe/Rome, language: it}]
desks:
  - {code: acme, organization: acme, connector: able, base_url: "https://desk.acme.example", zone: Europe/Rome,
     settings: {queue: Incoming}, credentials: {kind: basic, user: interdesk, secret: {env: ACME_PASSWORD}},
     hook: {secrets: [{env: ACME_HOOK}]}}
"""


def test_things_a_file_does_not_name_stay(scene: Scene) -> None:
    scene.apply()

    assert scene.apply(SMALLER).effective == ()


def test_pruning_removes_what_is_not_named_from_the_top_down(either: Context, tmp_path: Path) -> None:
    scene = Scene(either, tmp_path)
    scene.apply()

    pruned = scene.apply(SMALLER, prune=True)

    gone = [change.ref.kind.value for change in pruned.of(Action.REMOVE)]
    assert gone == ["coverage", "link", "desk", "asset", "site", "contact", "organization"]
    left = scene.directory()
    assert ([desk.code for desk in left.desks.values()], left.links, left.sites) == (["acme"], {}, {})
    assert scene.apply(SMALLER, prune=True).effective == ()


def test_pruning_keeps_what_tickets_stand_on_and_what_that_stands_on(either: Context, tmp_path: Path) -> None:
    scene = Scene(either, tmp_path)
    scene.apply()
    link_id = next(iter(scene.directory().links))
    ticket = {"id": "tkt_1", "org_id": "org_1", "opened_at": NOW, "facts": {"asset": "TILL-7"}, "version": 0}
    with scene.context.database.write() as db:
        db.execute(insert(rows.ticket), [ticket])
        db.execute(insert(rows.hop), [hop(1, scene.desk("north")["id"], [], link_id=link_id)])

    pruned = scene.apply(SMALLER, prune=True)

    kept = {str(change.ref): change.why for change in pruned.of(Action.IN_USE)}
    assert kept == {
        "link acme-north": "tickets passed over it",
        "desk north": "tickets were handled there",
        "organization north": "desk north refers to it",
        "asset acme/TILL-7": "an open ticket names it",
        "site acme/MI-001": "asset acme/TILL-7 refers to it",
        "contact acme/night": "site acme/MI-001 refers to it",
    }
    assert [change.ref.kind for change in pruned.of(Action.REMOVE)] == [Kind.COVERAGE]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("organization: north, connector", "organization: nort, connector", "desks[1]: there is no organization 'nort'; did you mean 'north'?"),
        ("downstream: north", "downstream: norht", "links[0]: there is no desk 'norht'; did you mean 'north'?"),
        ("site: MI-001", "site: MI-01", "assets[0]: there is no site 'MI-01' of acme; did you mean 'MI-001'?"),
        ("contacts: [night]", "contacts: [nigth]", "sites[0]: there is no contact 'nigth' of acme; did you mean 'night'?"),
        ("link: acme-north,", "link: acme-nort,", "coverage[0]: there is no link 'acme-nort'; did you mean 'acme-north'?"),
        ("group: lombardy, link", "group: lombardia, link", "coverage[0]: no site is in a group 'lombardia'; did you mean 'lombardy'?"),
        ("group: lombardy, link", "site: MI-9, link", "coverage[0]: there is no site 'MI-9'"),
        ("group: lombardy, link", "group: lombardy, site: MI-001, link", "coverage[0]: it names a site and a group; write two rows"),
        ("group: lombardy, link", "organization: north, group: lombardy, link", "link 'acme-north' does not start at a desk of 'north'; its upstream is 'acme'"),
        ("Sat 22:00-02:00", "Sab 22:00-02:00", "coverage[0].hours: 'sab' names no days; write Mon, Tue"),
        ("connector: able\n", "connector: abel\n", "desks[0]: there is no connector 'abel'; did you mean 'able'?"),
        ("{queue: Incoming}\n    cred", "{queu: Incoming}\n    cred", "desks[0].settings: (top): Additional properties are not allowed"),
        ("kind: header", "kind: basic", "desks[1].credentials: the user is missing; add user: NAME"),
        ("    settings: {queue", "    agent: true\n    settings: {queue", "desks[0].credentials: the desk's agent holds its credentials; leave them out here"),
        ("https://desk.acme", "http://desk.acme", "desks[0].base_url: http is not private; write https, or allow_private_network: true"),
        ("https://desk.acme", "ftp://desk.acme", "desks[0].base_url: it is no web address"),
        ("https://desk.acme", "https://me:x@desk.acme", "desks[0].base_url: it names a user"),
        ("hook: {secrets: [{env: ACME_HOOK}]}", "hook: {token: {env: ACME_HOOK}}", "desks[0].hook: Able Desk signs its messages, but no secret is given"),
        ("    settings: {queue", "    profile: {to_verify: verify}\n    settings: {queue", "desks[0].profile.to_verify: 'verify' is written, but the profile does not say"),
        ("    settings: {queue", "    profile: {sites: {X: MI-1}}\n    settings: {queue", "desks[0].profile.sites.X: there is no site 'MI-1'; did you mean 'MI-001'?"),
        ("downstream: north", "downstream: acme", "links[0]: it leads from a desk to the same desk"),
        ("    upstream: acme\n", "    upstream: acme\n    acts: [{act: accepted, field: status, value: opne}]\n", "links[0].acts[0].value: the profile of desk north knows no status 'opne'; did you mean 'open'?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told_with_what_would(
    scene: Scene, old: str, new: str, says: str
) -> None:
    assert old in FILE

    told = scene.refused(FILE.replace(old, new))

    assert says in told
    assert "  federation.yaml: " in told


MAILBOX = CHECKOUT / "connectors" / "mail_desk" / "README.md"


def _mail_desk(**changed: str) -> str:
    """The desk of the connector's README, with its organization; text → other text."""
    block = MAILBOX.read_text().partition("```yaml\n- code")[2].partition("```")[0]
    lines = ["- code" + block.splitlines()[0], *block.splitlines()[1:]]
    text = "\n".join(f"  {line}" for line in lines)
    for old, new in changed.items():
        text = text.replace(old, new)
    return f"organizations: [{{code: north-repairs}}]\ndesks:\n{text}\n"


def test_a_mail_desk_is_configured_as_its_readme_says(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_SECRET", "x")
    monkeypatch.setenv("MAIL_SEAL", "y" * 64)
    assert scene.plan(_mail_desk()).count()["create"] == 2

    assert "Mail desk (a party that has only e-mail) is not reached there; write imaps://host:993" in (
        scene.refused(_mail_desk(imaps="https"))
    )
    assert "imap is not private; write imaps, or allow_private_network" in (
        scene.refused(_mail_desk(imaps="imap"))
    )
    bare = _mail_desk(**{"  hook: {secrets: [{env: MAIL_SEAL}]}": ""})
    assert "hook: Mail desk (a party that has only e-mail) seals what it writes" in scene.refused(bare)


def test_two_links_from_one_desk_with_one_name_to_delegate_by(scene: Scene) -> None:
    twice = FILE.replace(
        "coverage:\n",
        "  - {code: other, upstream: acme, downstream: north, passes: {delegate_as: NORTH}}\ncoverage:\n",
    )

    assert "links[1].passes.delegate_as: 'north' already delegates to link acme-north" in scene.refused(twice)


@pytest.mark.parametrize(
    ("crosses", "says"),
    [
        ("attachments_down: true", "crosses.attachments_down: desk north (Modest Desk) has no attachments"),
        (
            "comments_down: land_as_internal",
            "crosses.comments_down: desk north (Modest Desk) cannot hide a comment",
        ),
        ("addressed_notes: true", "crosses.addressed_notes: desk north (Modest Desk) cannot hide a comment"),
        ("fields_down: [due]", "crosses.fields_down: desk north (Modest Desk) has no due date"),
        ("fields_up: [due]", "crosses.fields_up: desk north (Modest Desk) has no due date"),
        (
            "needed_by: custom.by",
            "crosses.needed_by: desk north (Modest Desk) does not let us change 'custom.by'",
        ),
        ("fields_up: [service]", "crosses.fields_up: desk acme (Able Desk) does not let us change 'service'"),
    ],
)
def test_a_link_that_needs_more_than_its_desks_can_do(scene: Scene, crosses: str, says: str) -> None:
    modest = FILE.replace("north, connector: able", "north, connector: modest")
    asking = modest.replace("    upstream: acme\n", f"    upstream: acme\n    crosses: {{{crosses}}}\n")

    with pytest.raises(Unsupported, match="what a desk cannot do") as raised:
        scene.plan(asking)

    assert says in str(raised.value)
    assert scene.plan(modest).effective, "what is not asked for in words adapts"


def test_a_hook_at_a_desk_without_webhooks(scene: Scene) -> None:
    text = FILE.replace(
        "north, connector: able, base_url",
        "north, connector: modest, hook: {token: {env: ACME_HOOK}}, base_url",
    )

    assert "desks[1].hook: Modest Desk sends no messages to a hook; leave hook out" in scene.refused(text)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("able\n", "modest\n", "the connector of desk acme is 'able' and cannot become 'modest'"),
        (
            "code: acme\n    organization: acme",
            "code: acme\n    organization: north",
            "the organization of desk acme is 'acme'",
        ),
        ("downstream: north", "downstream: spare", "the downstream of link acme-north is 'north'"),
    ],
)
def test_what_tickets_were_read_under_never_changes(scene: Scene, old: str, new: str, says: str) -> None:
    with_spare = FILE.replace("links:\n", "  - {code: spare, organization: north, connector: able}\nlinks:\n")
    scene.apply(with_spare)

    assert says in scene.refused(with_spare.replace(old, new))


def test_every_problem_is_told_at_once_before_anybody_is_asked_for_a_secret(scene: Scene) -> None:
    text = FILE.replace("site: MI-001", "site: MI-01").replace("downstream: north", "downstream: x")
    prompting = text.replace("{env: NORTH_KEY}", "{prompt: true}")

    def ask(what: str) -> str:
        raise AssertionError(f"asked for {what}")

    told = scene.refused(prompting, secrets=SecretSource(ask=ask))

    assert told.count("federation.yaml") == 2


def test_a_secret_is_asked_for_once(scene: Scene) -> None:
    asked: list[str] = []

    def ask(what: str) -> str:
        asked.append(what)
        return "typed-by-a-person"

    scene.apply(FILE.replace("{env: NORTH_KEY}", "{prompt: true}"), secrets=SecretSource(ask=ask))

    assert asked == ["desk north: credentials.secret: "]


def test_a_missing_secret_names_whose_it_is(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NORTH_KEY")

    with pytest.raises(ConfigError, match="NORTH_KEY is not set"):
        scene.apply()
    assert scene.rows(rows.desk) == []


def test_what_is_hardly_meant_is_warned_of(scene: Scene) -> None:
    text = FILE.replace(
        "{when: {field: queue, value: Incoming}, choose: coverage, delegate_as: North}", "{choose: coverage}"
    )
    text = text[: text.index("coverage:\n")].replace(
        ",\n     credentials: {kind: header, secret: {env: NORTH_KEY}}}", "}"
    )

    warned = "\n".join(scene.plan(text).warnings)

    assert "no ticket passes over link acme-north" in warned
    assert "no coverage row names it" in warned
    assert "desk north has no credentials" in warned
    assert scene.plan().warnings == ()


def test_who_applies_meanwhile_waits_and_then_finds_another_directory(
    either: Context, tmp_path: Path
) -> None:
    scene = Scene(either, tmp_path)
    seen = scene.apply()
    wanted = read(write(tmp_path, FILE.replace("Acme Stores", "Acme")))
    terms = Terms(vault=VAULT, seen_version=seen.version)

    with ThreadPoolExecutor(1) as pool:
        with either.database.write() as db:
            directory.lock(db)
            waiting = pool.submit(apply, either, wanted, terms, actor="maria", now=NOW)
            with pytest.raises(TimeoutError):
                waiting.result(timeout=0.5)
            directory.bump(db)
        with pytest.raises(Refused, match="changed since it was planned"):
            waiting.result(timeout=30)


def test_a_hundred_sites_in_a_table(either: Context, tmp_path: Path) -> None:
    scene = Scene(either, tmp_path)
    table = "code;name;country;contacts\n" + "".join(
        f"MI-{n:03};Filiale {n};IT;night\n" for n in range(1, 101)
    )
    (tmp_path / "sites.csv").write_bytes(table.encode("utf-8-sig"))
    start, end = FILE.index("sites:"), FILE.index("assets:")
    text = f"{FILE[:start]}sites: {{csv: sites.csv, organization: acme}}\n{FILE[end:]}"
    text = text.replace("group: lombardy", "site: MI-100")

    assert scene.apply(text).count()["create"] == 108
    assert scene.apply(text).effective == ()
    assert len(scene.directory().sites) == 100
