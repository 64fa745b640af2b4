"""Keys are given, listed, taken back and verified; nothing of them but a digest is kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway import keys as key_form
from gateway.domain.permissions import Permission
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import keys
from gateway.flows.apply import apply
from gateway.flows.context import OPERATOR, Context
from gateway.flows.keys import Wanted
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store import audit
from gateway.store.db import Database
from gateway.store.keys import API_KEY
from gateway.store.scope import Scope
from gateway.vault import new_entry, ring
from tests.flows import installation

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
TWO = "organizations: [{code: acme}, {code: north}]\n"


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    database = Database("sqlite://")
    made = installation.context(database)
    terms = Terms(vault=ring(new_entry("k1")))
    apply(made, read(installation.write(tmp_path, TWO)), terms, actor="maria", now=NOW)
    yield made
    database.close()


def make(
    context: Context, organization: str | None = None, expires_at: datetime | None = None
) -> tuple[str, str]:
    wanted = Wanted(label="laptop", organization=organization, expires_at=expires_at)
    key, text = keys.create(context, wanted, actor="maria", now=NOW)
    return key.id, text


def test_a_key_of_the_operator_sees_everything(context: Context) -> None:
    _, text = make(context)

    found = keys.verify(context, text, now=NOW)

    assert found is not None
    assert found.scope == OPERATOR


def test_a_key_of_an_organization_sees_that_organization(context: Context) -> None:
    _, text = make(context, "acme")

    found = keys.verify(context, text, now=NOW)

    assert found is not None
    assert found.scope == Scope.of(found.org_id)
    assert found.org_id.startswith("org_")


def test_an_unknown_organization_gets_none(context: Context) -> None:
    with pytest.raises(NotFound, match="did you mean 'acme'"):
        make(context, "acmee")


@pytest.mark.parametrize(
    ("at", "valid"), [(LATER - timedelta(seconds=1), True), (LATER, False)], ids=["before", "at its end"]
)
def test_a_key_ends(context: Context, at: datetime, valid: bool) -> None:
    _, text = make(context, expires_at=LATER)

    assert (keys.verify(context, text, now=at) is not None) is valid


def test_a_revoked_key_is_refused_at_once_and_keeps_its_moment(context: Context) -> None:
    key_id, text = make(context)

    keys.revoke(context, key_id, actor="maria", now=NOW)
    again = keys.revoke(context, key_id, actor="maria", now=LATER)

    assert keys.verify(context, text, now=NOW) is None
    assert again.revoked_at == NOW


@pytest.mark.parametrize(
    "text", ["", "fgw_live_nonsense", key_form.new()], ids=["empty", "mistyped", "unknown"]
)
def test_what_is_no_key_is_nobody(context: Context, text: str) -> None:
    assert keys.verify(context, text, now=NOW) is None


def test_an_organization_sees_and_revokes_only_its_own_keys(context: Context) -> None:
    acme_key, text = make(context, "acme")
    north_key, _ = make(context, "north")
    make(context)
    caller = keys.verify(context, text, now=NOW)
    assert caller is not None

    assert [key.id for key in keys.listed(context, caller.scope)] == [acme_key]
    assert len(keys.listed(context, OPERATOR)) == 3
    with pytest.raises(NotFound):
        keys.revoke(context, north_key, scope=caller.scope, actor="acme", now=NOW)


def test_a_narrowed_key_may_what_it_names_and_what_follows(context: Context) -> None:
    wanted = Wanted(label="pusher", organization="acme", permissions=("tickets:write",))
    _, text = keys.create(context, wanted, actor="maria", now=NOW)
    found = keys.verify(context, text, now=NOW)

    assert found is not None
    assert {*keys.principal(found).permissions} == {Permission.TICKETS_WRITE, Permission.TICKETS_READ}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"permissions": ("tickets:reed",)}, "did you mean 'tickets:read'"),
        ({"networks": ("10.0.0.1/8",)}, "network"),
    ],
    ids=["permission", "network"],
)
def test_what_is_no_permission_or_network_is_refused(
    context: Context, more: dict[str, tuple[str, ...]], told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        keys.create(context, Wanted(label="x", **more), actor="maria", now=NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "good"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("11.1.2.3", False), (None, False), ("client", False)],
)
def test_a_bound_key_works_only_from_its_networks(context: Context, address: str | None, good: bool) -> None:
    wanted = Wanted(label="x", networks=("10.0.0.0/8", "2001:db8::/32"))
    _, text = keys.create(context, wanted, actor="maria", now=NOW)

    assert (keys.verify(context, text, now=NOW, address=address) is not None) is good


def test_a_renewed_key_overlaps_with_the_one_before(context: Context) -> None:
    old, text = make(context, "acme")
    fresh, other = keys.renew(context, old, timedelta(hours=2), actor="maria", now=NOW)

    inside, after = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    assert keys.verify(context, text, now=inside) is not None
    assert keys.verify(context, text, now=after) is None
    found = keys.verify(context, other, now=after)
    assert found is not None
    assert (found.id, found.label) == (fresh.id, "laptop")
    with pytest.raises(Refused):
        keys.renew(context, old, timedelta(), actor="maria", now=after)


def test_last_use_is_remembered_once_a_minute(context: Context) -> None:
    key_id, text = make(context)
    for seconds in (0, 59, 61):
        keys.verify(context, text, now=NOW + timedelta(seconds=seconds))

        (key,) = keys.listed(context, OPERATOR)
        assert key.id == key_id
        assert key.used_at == NOW + timedelta(seconds=61 if seconds == 61 else 0)


def test_only_a_digest_is_kept_and_every_step_is_audited(context: Context) -> None:
    key_id, text = make(context)
    keys.revoke(context, key_id, actor="jens", now=LATER)

    with context.database.read() as db:
        kept = repr(db.execute(select(API_KEY)).all())
        told = audit.entries(db, OPERATOR, subject=key_id)

    assert text not in kept
    assert text not in repr(told)
    assert [(entry["action"], entry["actor"]) for entry in told] == [
        ("key revoked", "jens"),
        ("key created", "maria"),
    ]
