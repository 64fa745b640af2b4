"""Who is told what: through the eyes of each party, in order, and never a word that is not for it."""

import json
from datetime import timedelta
from typing import Any

from gateway.domain.webhooks.model import Webhook
from gateway.flows.context import OPERATOR
from gateway.flows.webhooks import facts
from gateway.store import rows, webhook_endpoints, webhooks
from tests.domain.test_alarms import HOUR, UC, VENDOR
from tests.domain.test_alarms import stage as with_clocks
from tests.flows.scenes.stage import MINUTE, Cast, Stage
from tests.flows.webhooks.hearing import claim, everything, heard, of_kind, queued, subscribe

CHAIN = ("customer>vendor", "vendor>north")


def chain(**links: Any) -> tuple[Stage, dict[str, Webhook]]:
    """A ticket that goes down two links, and a webhook of each party."""
    stage = Stage(*CHAIN, cast=Cast(links=links))
    hooks = {code: subscribe(stage, code) for code in ("customer", "vendor", "north")}
    stage.open()
    stage.delegate("vendor", "north")
    return stage, hooks


def test_each_party_hears_of_its_own_and_of_its_neighbours_how_they_stand() -> None:
    stage, hooks = chain()
    stage.set("north", "status", "open")
    told = everything(stage)
    top, low = told[hooks["customer"].id], told[hooks["north"].id]

    [opened] = of_kind(top, "ticket.opened")
    assert (opened["here"]["desk"], opened["about"]["side"]) == ("customer", "own")
    acts = [(one["about"]["organization"], one["act"]) for one in of_kind(top, "assignment.changed")]
    assert ("vendor", "offered") in acts
    assert "north" not in json.dumps(top), "a party two links below is nobody's business"

    assert [one["about"]["side"] for one in of_kind(low, "assignment.changed")][:1] == ["own"]
    assert "customer" not in json.dumps(low)
    assert of_kind(low, "ticket.opened") == []


def test_of_a_neighbour_only_its_status_is_told() -> None:
    stage, hooks = chain()
    stage.set("vendor", "status", "waiting")
    top = of_kind(heard(stage, hooks["customer"]), "ticket.status")

    below = [one for one in top if one["about"]["side"] == "below"]
    assert below
    assert all(one.keys() == {"ticket", "here", "about", "to"} for one in below)


def test_messages_of_a_ticket_are_claimed_one_by_one_in_order() -> None:
    stage, hooks = chain()
    stage.say("customer", "first")
    stage.say("customer", "second")

    assert sorted(one.message.webhook_id for one in claim(stage)) == sorted(one.id for one in hooks.values())
    assert claim(stage) == [], "the next of a lane waits for the one before it"
    stage.wait(2 * MINUTE)  # nobody came back with them: the same messages, under their own ids
    told = [one["text"] for one in of_kind(heard(stage, hooks["vendor"]), "comment.added")]
    assert told == ["first", "second"]


def test_d6_no_private_word_reaches_another_party() -> None:
    stage, hooks = chain()
    canaries = {code: f"canary-{code}-7f3a" for code in hooks}
    for code, canary in canaries.items():
        stage.say(code, f"internal: {canary}", public=False)
        stage.person(code).attach(
            stage.id(code), f"{canary}.txt", b"inside", media_type="text/plain", public=False
        )
        stage.say(code, f"open: {code}")
    stage.wait(MINUTE)
    told = everything(stage)
    with stage.hub.database.read() as db:
        kept = [dict(row) for row in db.execute(webhooks.MESSAGE.select()).mappings()]

    assert sorted(told) == sorted(hook.id for hook in hooks.values())
    assert not any(canary in json.dumps(told) for canary in canaries.values())
    assert "open: vendor" in json.dumps(told[hooks["customer"].id])
    assert not any(canary in repr(kept) for canary in canaries.values()), "no row holds words of people"


def test_own_private_notes_come_only_where_they_are_asked_for() -> None:
    stage = Stage(*CHAIN)
    plain, asking = subscribe(stage, "customer"), subscribe(stage, "customer", internal_notes=True)
    other = subscribe(stage, "vendor", internal_notes=True)
    stage.open()
    stage.say("customer", "between us", public=False)

    kinds = {
        hook.id: [one.kind for one in queued(stage, hook)].count("comment.added")
        for hook in (plain, asking, other)
    }
    assert kinds == {plain.id: 0, asking.id: 1, other.id: 0}


def test_what_may_not_be_read_any_more_when_it_leaves_is_not_told() -> None:
    stage, hooks = chain()
    heard(stage, hooks["customer"])
    stage.say("vendor", "a slip of the tongue")
    content = stage.content("a slip of the tongue")
    assert [one.kind for one in queued(stage, hooks["customer"])][-1] == "comment.added"
    with stage.hub.database.write() as db:
        turned = rows.content.update().where(rows.content.c.id == content.id)
        db.execute(turned.values(visibility="private"))

    assert "slip" not in json.dumps(heard(stage, hooks["customer"]))
    assert queued(stage, hooks["customer"])[-1].state == "dropped"


def test_an_edit_and_a_removal_are_told_to_whoever_was_told_of_the_comment() -> None:
    stage, hooks = chain()
    number = stage.say("vendor", "it is the cabel")
    told = heard(stage, hooks["customer"])
    vendor = stage.person("vendor")
    vendor.edit(stage.id("vendor"), number, "it is the cable")
    stage.wait(timedelta(minutes=11))
    told += heard(stage, hooks["customer"])
    vendor.remove(stage.id("vendor"), number)
    stage.wait(timedelta(minutes=21))
    told += heard(stage, hooks["customer"])

    [added], [edited], [removed] = (
        of_kind(told, kind) for kind in ("comment.added", "comment.edited", "comment.removed")
    )
    assert added["content"] == edited["content"] == removed["content"]
    assert edited["text"] == "it is the cable"
    assert removed.keys() == {"ticket", "here", "content"}


def test_a_file_is_told_by_its_name_and_size() -> None:
    stage, hooks = chain(**{"customer>vendor": {"crosses": {"attachments_up": True}}})
    stage.person("vendor").attach(stage.id("vendor"), "photo.txt", b"a till", media_type="text/plain")
    stage.wait(MINUTE)
    [file] = of_kind(heard(stage, hooks["customer"]), "attachment.added")
    assert (file["filename"], file["organization"], file["size"]) == ("photo.txt", "vendor", 6)


def test_a_message_that_cannot_be_put_into_words_is_parked_and_holds_up_no_other() -> None:
    stage = Stage(*CHAIN)
    hook, other = subscribe(stage, "customer"), subscribe(stage, "customer")
    stage.open()
    with stage.hub.database.write() as db:
        first = db.execute(
            webhooks.MESSAGE.select().where(webhooks.MESSAGE.c.webhook_id == hook.id)
        ).mappings()
        event = next(iter(first))["event_id"]
        db.execute(
            rows.event.update().where(rows.event.c.id == event).values(data=[1], type="status.changed")
        )
    parcels = {parcel.webhook.id: parcel for parcel in claim(stage)}
    [broken] = [one for one in parcels.values() if one.webhook.id == hook.id]

    assert broken.trouble is not None
    assert broken.trouble.refused
    assert other.id in parcels


def test_what_is_parked_is_told_to_whose_desk_it_is() -> None:
    stage, hooks = chain()
    desk = stage.hub.desks["vendor"]
    take = desk.handle

    def handle(method: str, path: str, **more: Any) -> Any:
        return take(
            method, path, **(more | ({"body": b"{}"} if b"unspeakable" in more.get("body", b"") else {}))
        )

    desk.handle = handle  # type: ignore[method-assign]
    stage.say("customer", "something unspeakable")
    told = everything(stage)
    [parked] = of_kind(told[hooks["vendor"].id], "delivery.parked")
    assert (parked["command"], parked["about"]["side"]) == ("comment", "own")
    assert of_kind(told[hooks["customer"].id], "delivery.parked") == []


def test_a_published_report_is_told_by_name_to_whom_it_is_for() -> None:
    stage, hooks = chain()
    data = {"report": "pub_1", "kind": "compliance", "subject": "customer", "period": "2026-02"}
    fact = ("report.published", "pub_1", {**data, "view": "customer", "version": 1, "seal": "00"})
    with stage.hub.database.write() as db:
        facts.tell(stage.hub.context, db, ["org_customer"], fact, now=stage.hub.now)
    told = everything(stage)
    assert [one["seal"] for one in of_kind(told[hooks["customer"].id], "report.published")] == ["00"]
    assert of_kind(told[hooks["vendor"].id], "report.published") == []


def test_names_are_told_as_the_link_lets_people_be_named() -> None:
    stage, hooks = chain(**{"customer>vendor": {"crosses": {"people": "organization"}}})
    stage.say("vendor", "we are on it. anna", by="anna")
    [comment] = of_kind(heard(stage, hooks["customer"]), "comment.added")

    assert comment["author"] is None
    assert comment["organization"] == "vendor"
    assert "anna" not in comment["text"]


def test_filters_choose_events_and_tickets() -> None:
    stage = Stage(*CHAIN)
    hooks = {
        "events": subscribe(stage, "customer", events=["comment.added"]),
        "low": subscribe(stage, "customer", only={"priorities": ["low"]}),
        "high": subscribe(stage, "customer", only={"priorities": ["high"]}),
        "customers": subscribe(stage, "vendor", only={"customers": ["customer"]}),
        "strangers": subscribe(stage, "vendor", only={"customers": ["stranger"]}),
        "other link": subscribe(stage, "vendor", only={"links": ["another"]}),
    }
    stage.open(priority="high")
    stage.say("customer", "hello")

    counts = {name: len(queued(stage, hook)) for name, hook in hooks.items()}
    assert counts["events"] == 1
    assert (counts["low"], counts["strangers"], counts["other link"]) == (0, 0, 0)
    assert min(counts["high"], counts["customers"]) > 1


def test_clocks_are_told_to_the_parties_of_their_agreement() -> None:
    stage = with_clocks(UC, contacts=VENDOR, edges=CHAIN)
    hooks = {code: subscribe(stage, code) for code in ("customer", "vendor", "north")}
    stage.delegate("vendor", "north")
    stage.wait(2 * HOUR + MINUTE)
    stage.wait(3 * HOUR)

    heard_by = everything(stage)
    for told in (heard_by[hooks["customer"].id], heard_by[hooks["vendor"].id]):
        assert of_kind(told, "clock.warned")
        [breach] = of_kind(told, "clock.breached")
        assert (breach["agreement"], breach["clock"], breach["target_seconds"]) == (
            "vendor-uc",
            "resolution",
            4 * 3600.0,
        )
    north = [one.kind for one in queued(stage, hooks["north"])]
    assert not {"clock.warned", "clock.breached"} & set(north)


def test_nobody_s_webhook_costs_nothing_and_one_that_is_gone_gets_nothing() -> None:
    stage, hooks = chain()
    known = stage.hub.context.directory_now
    left = {org: group for org, group in known.webhooks.items() if org != "org_north"}
    stage.hub.context.use(type(known)(**_fields(known, webhooks=left)))
    heard(stage, hooks["customer"])

    assert {one.state.value for one in queued(stage, hooks["north"])} == {"dropped"}
    with stage.hub.database.read() as db:
        assert hooks["north"].id not in webhook_endpoints.every(db, OPERATOR)


def _fields(known: Any, **changes: Any) -> dict[str, Any]:
    return {
        name: getattr(known, name) for name in known.__dataclass_fields__ if not name.startswith("_")
    } | changes
