"""A test link that went well becomes a live one, with its rules, by a plan that is seen first; the test link stays what it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.domain.model import Link, LinkState, Side
from gateway.errors import Invalid, NotFound, Refused
from gateway.flows import mappings, promotion
from gateway.flows.apply import apply
from gateway.flows.commands import Order
from gateway.flows.context import Context
from gateway.flows.mappings import Which
from gateway.flows.promotion import Wanted
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from gateway.store.db import Database
from gateway.vault import new_entry, ring
from tests.flows import installation
from tests.flows.installation import write

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TERMS = Terms(vault=ring(new_entry("k1")))
ORDER = Order(actor="ann", now=NOW)
DESKS = """
organizations: [{code: acme}, {code: north}]
desks:
  - {code: acme, organization: acme, connector: able, base_url: "https://desk.acme.example"}
  - {code: acme-test, organization: acme, connector: able, base_url: "https://test.acme.example", test: true,
     profile: {statuses: {neu: acknowledged, zu: resolved}}}
  - {code: north, organization: north, connector: able, base_url: "https://desk.north.example"}
"""
LINK = """
links:
  - {code: trial, upstream: acme-test, downstream: north, test: true, on_live_desk: true, hop_limit: %d,
     passes: {delegate_as: North}, crosses: {fields_down: [title, status]}}
"""
RULES = {"outgoing": [{"field": "title", "template": "{title} (Acme)"}]}
LIVE = Wanted(test="trial", live="acme-north", upstream="acme", downstream="north")


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    database = Database("sqlite://")
    found = installation.context(database)
    said(found, tmp_path, DESKS + LINK % 3)
    yield found
    database.close()


def said(context: Context, folder: Path, text: str) -> None:
    apply(context, read(write(folder, text)), TERMS, actor="ann", now=NOW)


def rules(context: Context) -> None:
    at = Which(link="trial", side=Side.UPSTREAM)
    mappings.draft(context, at, RULES, ORDER)
    mappings.publish(context, at, ORDER)


def test_the_plan_is_seen_and_then_done_with_the_rules(context: Context) -> None:
    rules(context)
    found = promotion.foreseen(context, LIVE, TERMS)
    assert [str(one.ref) for one in found.plan.effective] == ["link acme-north"]
    assert [(one.side, one.number) for one in found.rules] == [(Side.UPSTREAM, 1)]
    assert found.doubts == ("acme maps its statuses otherwise than acme-test: the test has not shown it",)
    assert "acme-north" not in codes(context), "seeing it changes nothing"

    promotion.promote(context, LIVE, TERMS, ORDER)
    live, test = codes(context)["acme-north"], codes(context)["trial"]
    assert (live.test, live.state, live.hop_limit, live.passage) == (False, LinkState.ACTIVE, 3, test.passage)
    assert test.test
    which = Which(link="acme-north", side=Side.UPSTREAM)
    assert mappings.document_of(context, which) == (1, RULES)
    versions, _ = mappings.history(context, which)
    assert (versions[0].author, versions[0].note) == ("ann", "version 1 of trial")
    assert not promotion.foreseen(context, LIVE, TERMS).effective, "a second time nothing is left to do"


def codes(context: Context) -> dict[str, Link]:
    with context.database.read() as db:
        return {one.code: one for one in context.directory(db).links.values()}


def test_what_was_tried_since_follows_as_a_difference(context: Context, tmp_path: Path) -> None:
    promotion.promote(context, LIVE, TERMS, ORDER)
    said(context, tmp_path, LINK % 5)
    again = Wanted(test="trial", live="acme-north")
    [change] = promotion.foreseen(context, again, TERMS).plan.effective
    assert [(one.path, one.before, one.after) for one in change.differences] == [("hop_limit", 3, 5)]


def test_the_live_link_keeps_its_own_time_and_rules_and_an_ended_one_is_refused(
    context: Context, tmp_path: Path
) -> None:
    promotion.promote(context, LIVE, TERMS, ORDER)
    live = "links: [{code: acme-north, upstream: acme, downstream: north, hop_limit: 3, %s passes: {delegate_as: North}}]"
    said(context, tmp_path, live % "valid_until: '2027-01-01T00:00:00Z',")
    at = Which(link="acme-north", side=Side.UPSTREAM)
    mappings.draft(context, at, RULES, ORDER)
    mappings.publish(context, at, ORDER)
    said(context, tmp_path, (LINK % 5).replace("passes:", "valid_until: '2026-04-01T00:00:00Z', passes:"))
    found = promotion.foreseen(context, LIVE, TERMS)
    [change] = found.plan.effective
    assert "valid_until" not in [one.path for one in change.differences]
    assert [one for one in found.doubts if "keeps rules that trial has not" in one]
    said(context, tmp_path, live % "valid_until: '2027-01-01T00:00:00Z', state: ended,")
    with pytest.raises(Refused, match="acme-north is ended"):
        promotion.foreseen(context, LIVE, TERMS)


@pytest.mark.parametrize(
    ("wanted", "error", "told"),
    [
        (Wanted(test="trail", live="x"), NotFound, "there is no link 'trail'"),
        (Wanted(test="trial", live="x"), Invalid, "its desks have to be named"),
        (Wanted(test="trial", live="x", upstream="acme-test", downstream="north"), Invalid, "fit together"),
        (Wanted(test="trial", live="x", upstream="nobody", downstream="north"), Invalid, "fit together"),
        (Wanted(test="trial", live="X Y", upstream="acme", downstream="north"), Invalid, "link"),
    ],
)
def test_what_cannot_be_promoted_is_refused(
    context: Context, wanted: Wanted, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        promotion.foreseen(context, wanted, TERMS)


def test_only_a_test_link_is_promoted_and_never_becomes_another(context: Context, tmp_path: Path) -> None:
    promotion.promote(context, LIVE, TERMS, ORDER)
    with pytest.raises(Invalid, match="is no test link"):
        promotion.foreseen(context, Wanted(test="acme-north", live="x"), TERMS)
    with pytest.raises(Invalid) as raised:
        said(context, tmp_path, (LINK % 3).replace("test: true, on_live_desk: true, ", ""))
    assert "cannot become" in str(raised.value.problems)
    stale = Terms(vault=TERMS.vault, seen_version=1)
    with pytest.raises(Refused, match="changed since"):
        promotion.promote(context, LIVE, stale, ORDER)
