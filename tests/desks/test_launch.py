"""The launchers against the real desks: each starts, speaks its own API, tells of changes, and survives being stopped."""

import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.desks.launch import DeskFailed, HookingDesk, Redmine, RequestTracker, Roundup
from tests.desks.receiver import Received, Receiver

pytestmark = pytest.mark.desks

DESKS = ["rt_customer", "rt_partner", "redmine_vendor", "roundup_subcontractor"]
AnyDesk = RequestTracker | Redmine | Roundup


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> AnyDesk:
    """The desk whose fixture a test names as its parameter."""
    found: AnyDesk = request.getfixturevalue(request.param)
    return found


def create(desk: AnyDesk, title: str, site: str = "PAR-01") -> str:
    """Opens a ticket as alice, through the desk's own API, with a site code; returns its id."""
    fields = desk.custom_fields
    with desk.client("alice") as alice:
        if isinstance(desk, RequestTracker):
            ticket = {
                "Queue": desk.queue, "Subject": title, "Requestor": "cust1@example.test", "Content": "It is down",
                "ContentType": "text/plain", "CustomFields": {"Site": site},
            }  # fmt: skip
            return str(good(alice.post("/ticket", json=ticket))["id"])
        if isinstance(desk, Redmine):
            issue = {
                "project_id": desk.project, "tracker_id": desk.trackers["Support"], "subject": title,
                "priority_id": desk.priorities["High"], "custom_fields": [{"id": fields["Site"], "value": site}],
            }  # fmt: skip
            return str(good(alice.post("/issues.json", json={"issue": issue}))["issue"]["id"])
        created = good(
            alice.post("/issue", json={"title": title, "priority": "urgent", fields["Site"]: site})
        )
        return str(created["data"]["id"])


def read(desk: AnyDesk, ticket: str) -> tuple[str, str, str]:
    """Title, status and site of a ticket, as the service account sees them."""
    with desk.client("fedbot") as bot:
        if isinstance(desk, RequestTracker):
            shown = good(bot.get(f"/ticket/{ticket}"))
            values = {row["name"]: row["values"] for row in shown["CustomFields"]}
            return shown["Subject"], shown["Status"], values["Site"][0]
        if isinstance(desk, Redmine):
            issue = good(bot.get(f"/issues/{ticket}.json"))["issue"]
            values = {row["name"]: row["value"] for row in issue["custom_fields"]}
            return issue["subject"], issue["status"]["name"], values["Site"]
        row = good(bot.get(f"/issue/{ticket}", params={"@verbose": "2"}))["data"]["attributes"]
        return row["title"], row["status"]["name"], row["site"]


def good(answer: httpx.Response) -> Any:
    assert answer.is_success, f"{answer.status_code} {answer.text[:500]}"
    return answer.json()


NEW = {"rt_customer": "new", "rt_partner": "new", "redmine_vendor": "New", "roundup_subcontractor": "unread"}


@pytest.mark.parametrize(("desk", "status"), NEW.items(), ids=DESKS, indirect=["desk"])
def test_an_agent_opens_a_ticket_and_the_service_account_reads_it(desk: AnyDesk, status: str) -> None:
    ticket = create(desk, "VPN down <b>è</b>", "РИМ-7")
    assert read(desk, ticket) == ("VPN down <b>è</b>", status, "РИМ-7")


@pytest.mark.parametrize("desk", DESKS, indirect=True)
def test_a_wrong_credential_is_refused(desk: AnyDesk) -> None:
    path, headers = {
        RequestTracker: ("/REST/2.0/rt", {"Authorization": "token 1-31-0"}),
        Redmine: ("/users/current.json", {"X-Redmine-API-Key": "0"}),
        Roundup: ("/rest/data/issue", {"Authorization": "Basic ZmVkYm90Ong="}),
    }[type(desk)]
    assert httpx.get(desk.base_url + path, headers=headers, trust_env=False).status_code in {401, 403}


def test_rt_tells_public_replies_from_private_comments(rt_customer: RequestTracker) -> None:
    ticket = create(rt_customer, "two kinds of text")
    with rt_customer.client("alice") as alice:
        for kind in ("correspond", "comment"):
            good(alice.post(f"/ticket/{ticket}/{kind}", json={"Content": kind, "ContentType": "text/plain"}))
        history = good(alice.get(f"/ticket/{ticket}/history", params={"fields": "Type"}))["items"]
    assert [entry["Type"] for entry in history if entry["Type"] in {"Correspond", "Comment"}] == [
        "Correspond",
        "Comment",
    ]


def test_rt_lets_the_requester_reply_but_not_read_private_comments(rt_customer: RequestTracker) -> None:
    ticket = create(rt_customer, "the requester speaks")
    with rt_customer.client("alice") as alice, rt_customer.client("cust1") as requester:
        good(alice.post(f"/ticket/{ticket}/comment", json={"Content": "canary", "ContentType": "text/plain"}))
        good(
            requester.post(
                f"/ticket/{ticket}/correspond", json={"Content": "hello", "ContentType": "text/plain"}
            )
        )
        seen = good(requester.get(f"/ticket/{ticket}/history", params={"fields": "Type,Creator"}))["items"]
    types = [entry["Type"] for entry in seen]
    assert "Correspond" in types
    assert "Comment" not in types


@pytest.mark.parametrize("login", ["fedbot", "alice"])
def test_rt_gives_nobody_the_right_to_delete(rt_customer: RequestTracker, login: str) -> None:
    ticket = create(rt_customer, "not to be deleted")
    with rt_customer.client(login) as client:
        client.put(f"/ticket/{ticket}", json={"Status": "deleted"})
    assert read(rt_customer, ticket)[1] == "new"


def test_redmine_tells_public_notes_from_private_ones(redmine_vendor: Redmine) -> None:
    ticket = create(redmine_vendor, "two kinds of notes")
    with redmine_vendor.client("alice") as alice:
        for private in (False, True):
            note = {"notes": f"private {private}", "private_notes": private}
            assert alice.put(f"/issues/{ticket}.json", json={"issue": note}).status_code == 204
        journals = good(alice.get(f"/issues/{ticket}.json", params={"include": "journals"}))["issue"][
            "journals"
        ]
    assert [(entry["notes"], entry["private_notes"]) for entry in journals] == [
        ("private False", False), ("private True", True),
    ]  # fmt: skip


def test_redmine_lets_any_status_follow_any_other(redmine_vendor: Redmine) -> None:
    ticket = create(redmine_vendor, "all statuses")
    with redmine_vendor.client("fedbot") as bot:
        for status in ["Waiting", "In Progress", "Resolved", "Closed", "Rejected", "Feedback", "New"]:
            change = {"issue": {"status_id": redmine_vendor.statuses[status]}}
            assert bot.put(f"/issues/{ticket}.json", json=change).status_code == 204
            assert read(redmine_vendor, ticket)[1] == status


def test_roundup_takes_a_message(roundup_subcontractor: Roundup) -> None:
    ticket = create(roundup_subcontractor, "one kind of text")
    with roundup_subcontractor.client("alice") as alice:
        message = good(alice.post("/msg", json={"content": "on my way", "author": "alice"}))["data"]["id"]
        tag = alice.get(f"/issue/{ticket}").headers["ETag"]
        change = {"@op": "add", "messages": [message]}
        good(alice.patch(f"/issue/{ticket}", json=change, headers={"If-Match": tag}))
        assert good(alice.get(f"/msg/{message}/content"))["data"]["data"] == "on my way"
    assert read(roundup_subcontractor, ticket)[1] == "chatting"


def signed(desk: HookingDesk, received: Received, header: str) -> dict[str, Any]:
    digest = hmac.new(desk.hook_secret.encode(), received.body, hashlib.sha256).hexdigest()
    assert received.headers[header] == f"sha256={digest}"
    document: dict[str, Any] = json.loads(received.body)
    return document


def test_rt_posts_a_signed_webhook_after_the_commit(rt_partner: RequestTracker) -> None:
    with Receiver() as receiver:
        rt_partner.hook_to(receiver.url)
        ticket = create(rt_partner, "tell me")
        rt_partner.hook_to(None)
        told = signed(rt_partner, receiver.next(), "x-rt-signature")
    assert (told["ticket"], told["type"], told["creator"]) == (int(ticket), "Create", "alice")


def test_rt_posts_one_webhook_for_each_transaction_of_a_batch(rt_partner: RequestTracker) -> None:
    ticket = create(rt_partner, "several changes")
    with Receiver() as receiver:
        rt_partner.hook_to(receiver.url)
        with rt_partner.client("bob") as bob:
            good(bob.put(f"/ticket/{ticket}", json={"Subject": "two changes", "Status": "stalled"}))
        rt_partner.hook_to(None)
        told = [signed(rt_partner, receiver.next(), "x-rt-signature") for _ in range(2)]
    assert {(change["field"], change["new"]) for change in told} == {
        ("Subject", "two changes"),
        ("Status", "stalled"),
    }


def test_rt_and_roundup_shrug_when_the_webhook_has_no_taker(
    rt_partner: RequestTracker, roundup_subcontractor: Roundup
) -> None:
    with Receiver() as gone:
        pass
    for desk in (rt_partner, roundup_subcontractor):
        desk.hook_to(gone.url)
        assert create(desk, "nobody listens")
        desk.hook_to(None)


def test_roundup_posts_a_signed_webhook(roundup_subcontractor: Roundup) -> None:
    with Receiver() as receiver:
        roundup_subcontractor.hook_to(receiver.url)
        ticket = create(roundup_subcontractor, "tell me")
        roundup_subcontractor.hook_to(None)
        told = signed(roundup_subcontractor, receiver.next(), "x-roundup-signature")
    assert told == {"class": "issue", "id": ticket, "new": True, "actor": "alice"}


def left_outside_its_directory(desk: AnyDesk) -> bool:
    """Only Redmine has something there: the link by which the package finds the instance."""
    return isinstance(desk, Redmine) and desk.instance.is_symlink()


@pytest.mark.parametrize("desk", DESKS, indirect=True)
def test_stop_and_restart_keep_data_and_address(desk: AnyDesk) -> None:
    ticket = create(desk, "survives")
    desk.stop()
    assert not left_outside_its_directory(desk)
    with desk.client("fedbot") as bot, pytest.raises(httpx.ConnectError):
        bot.get("/")
    desk.restart()
    assert read(desk, ticket)[0] == "survives"


@pytest.mark.parametrize("desk", DESKS, indirect=True)
def test_a_paused_desk_is_silent_until_it_resumes(desk: AnyDesk) -> None:
    ticket = create(desk, "held")
    desk.pause()
    with desk.client("fedbot") as bot, pytest.raises(httpx.ReadTimeout):
        bot.get("/", timeout=0.3)
    desk.resume()
    assert read(desk, ticket)[0] == "held"


def test_no_credential_shows_in_a_failing_test(
    rt_customer: RequestTracker, redmine_vendor: Redmine, roundup_subcontractor: Roundup
) -> None:
    shown = repr([rt_customer, redmine_vendor, roundup_subcontractor])
    secrets = [
        *rt_customer.tokens.values(),
        *redmine_vendor.keys.values(),
        *roundup_subcontractor.passwords.values(),
    ]
    assert not [secret for secret in (*secrets, rt_customer.hook_secret) if secret in shown]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands the tracker over to nobody")
def test_roundup_refuses_a_directory_that_nobody_may_pass(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(DeskFailed, match="may not pass"):
        Roundup.start(tmp_path / "closed", "closed")
