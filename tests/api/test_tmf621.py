"""`/tmf-api/troubleTicket/{v5,v4}`: a stock client opens, reads, lists, filters and changes tickets of its own desk; refusals
are the standard's `Error`; nobody sees another's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway import app as wiring
from gateway.app import Gateway
from gateway.flows.api_desk import pushing
from gateway.flows.apply import apply
from gateway.flows.proposal import Terms
from gateway.installation.reading import read
from tests.api import house
from tests.api.house import Doors
from tests.domain.tmf621.official import official

PARTIES = """
organizations:
  - {code: big, name: Big Stores}
  - {code: bank, name: Bank}
desks:
  - {code: big, organization: big, connector: api_desk}
  - {code: bank, organization: bank, connector: api_desk}
  - {code: bank-two, organization: bank, connector: api_desk}
"""
V5, V4 = "/tmf-api/troubleTicket/v5/troubleTicket", "/tmf-api/troubleTicket/v4/troubleTicket"
TICKET = {
    "@type": "TroubleTicket",
    "description": "Till 7 is dead",
    "severity": "Major",
    "ticketType": "device",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One installation for all: every test opens tickets of its own."""
    folder: Path = tmp_path_factory.mktemp("tmf")
    with house.installed(folder) as gateway:
        file = folder / "parties.yaml"
        file.write_text(PARTIES, encoding="utf-8")
        apply(gateway.context, read(file), Terms(vault=gateway.vault), actor="test", now=wiring.utc_now())
        yield gateway


@pytest.fixture(scope="module")
def doors(installed: Gateway) -> Iterator[Doors]:
    with Doors(installed) as opened:
        yield opened


def client_of(doors: Doors, gateway: Gateway, organization: str) -> httpx.Client:
    headers = house.key(gateway, organization)
    return httpx.Client(base_url=f"http://127.0.0.1:{doors.port}", headers=headers, trust_env=False)


@pytest.fixture(scope="module")
def big(doors: Doors, installed: Gateway) -> Iterator[httpx.Client]:
    with client_of(doors, installed, "big") as client:
        yield client


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an `Error` of the standard."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert (told["@type"], told["status"]) == ("Error", str(answer.status_code))
    assert told["reason"]
    return answer.status_code, str(told["code"])


def opened(client: httpx.Client, **changes: Any) -> dict[str, Any]:
    answer = client.post(V5, json={**TICKET, **changes})
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_ticket_is_opened_read_changed_and_read_again(big: httpx.Client) -> None:
    sent = {
        **TICKET,
        "name": "Till",
        "note": [{"text": "Cash only", "author": "Ann"}],
        "unknown": {"kept": [1, None]},
    }
    answer = big.post(V5, json=sent)
    told = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, told["href"])
    assert {name: told[name] for name in (*TICKET, "name", "unknown")} == {
        n: v for n, v in sent.items() if n != "note"
    }
    assert (told["status"], told["priority"], told["note"][0]["text"]) == (
        "acknowledged",
        "high",
        "Cash only",
    )
    assert big.get(told["href"]).json() == told

    patch = big.patch(told["href"], json={"severity": "Minor", "note": [{"text": "Hurry"}], "status": "held"})
    changed = patch.json()
    assert (patch.status_code, changed["severity"], changed["status"]) == (200, "Minor", "held")
    assert [note["text"] for note in changed["note"]] == ["Cash only", "Hurry"]
    assert changed["note"][1]["author"] == "test"
    operations = [{"op": "replace", "path": "/ticketType", "value": "network"}]
    kind = {"content-type": "application/json-patch+json"}
    assert (
        big.patch(told["href"], content=json.dumps(operations), headers=kind).json()["ticketType"]
        == "network"
    )


def test_a_list_is_filtered_paged_and_cut_down(big: httpx.Client) -> None:
    made = [opened(big, ticketType="listed", severity=word)["id"] for word in ("Minor", "Critical", "Minor")]
    every = big.get(V5, params={"ticketType": "listed"})
    assert [one["id"] for one in every.json()] == made[::-1]
    assert every.headers["x-total-count"] == every.headers["x-result-count"] == "3"
    minor = big.get(V5, params={"ticketType": "listed", "severity": "Minor", "fields": "severity"})
    assert [one["id"] for one in minor.json()] == [made[2], made[0]]
    assert set(minor.json()[0]) == {"id", "href", "@type", "severity"}
    page = big.get(V5, params={"ticketType": "listed", "offset": 1, "limit": 1, "sort": "severity"})
    assert ([one["severity"] for one in page.json()], page.headers["x-total-count"]) == (["Minor"], "3")
    following = big.get(page.links["next"]["url"])
    assert (following.headers["x-result-count"], "next" in following.links) == ("1", False)
    assert big.get(V5, params={"limit": 1, "offset": 1}).headers["x-result-count"] == "1"
    assert big.get(V5, params={"ticketType": "listed", "after": made[1]}).json()[0]["id"] == made[0]
    assert big.get(V5, params={"creationDate.gt": "2100-01-01T00:00:00Z"}).json() == []


def test_any_number_of_changes_is_read_in_their_order(
    big: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [opened(big, ticketType="polled") for _ in range(4)]
    big.patch(made[1]["href"], json={"severity": "Minor"})
    monkeypatch.setattr(pushing, "MOST_SEARCHED", 2)
    since = {"lastUpdate.gte": made[0]["lastUpdate"]}

    every = big.get(V5, params={**since, "sort": "lastUpdate", "offset": 0, "limit": 3})
    rest = big.get(every.links["next"]["url"])
    last = big.get(V5, params={**since, "sort": "-lastUpdate", "limit": 1})

    wanted = [one["id"] for one in (made[0], made[2], made[3], made[1])]
    assert [one["id"] for one in (*every.json(), *rest.json())] == wanted
    assert (every.headers["x-total-count"], last.json()[0]["id"]) == ("4", made[1]["id"])
    assert refused(big.get(V5, params={**since, "sort": "severity"})) == (400, "IDK-1403")


def test_a_ticket_is_found_by_whatever_it_is_called_now(
    big: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [{"owner": "Big", "id": name, "@type": "ExternalIdentifier"} for name in ("N-1", 'N "2" è|b')]
    made = opened(big, externalIdentifier=names)
    repeated = opened(big, externalIdentifier=names)
    big.patch(
        made["href"], json={"externalIdentifier": [*names, {"id": "N-3", "@type": "ExternalIdentifier"}]}
    )
    later = opened(big)
    big.patch(f"{V4}/{later['id']}", json={"externalId": "N-4"})
    monkeypatch.setattr(pushing, "MOST_SEARCHED", 2)

    found = [
        big.get(V5, params={"externalIdentifier.id": name}).json() for name in ("N-1", 'N "2" è|b', "N-3")
    ]
    fourth = big.get(V4, params={"externalId": "N-4"}).json()

    assert repeated["id"] == made["id"]
    assert [[one["id"] for one in each] for each in found] == [[made["id"]]] * 3
    assert [one["id"] for one in fourth] == [later["id"]]
    assert big.get(V5, params={"externalIdentifier.id": "N-5"}).json() == []


def test_the_fourth_version_is_a_thin_view_of_the_same(big: httpx.Client) -> None:
    sent: dict[str, Any] = {
        "description": "Till 7", "severity": "Major", "ticketType": "device", "externalId": "INC-4",
        "relatedParty": [{"id": "7", "name": "Ann", "role": "reporter", "@referredType": "Individual"}],
    }  # fmt: skip
    fourth = big.post(V4, json=sent).json()
    assert {name: fourth[name] for name in sent if name != "relatedParty"} == {
        n: v for n, v in sent.items() if n != "relatedParty"
    }
    assert fourth["relatedParty"][0].items() >= sent["relatedParty"][0].items()
    assert fourth["href"] == f"{V4}/{fourth['id']}"
    fifth = big.get(f"{V5}/{fourth['id']}").json()
    assert fifth["externalIdentifier"][0]["id"] == "INC-4"
    assert fifth["relatedParty"][0]["partyOrPartyRole"]["name"] == "Ann"
    moved = big.patch(fourth["href"], json={"status": "inProgress", "statusChangeReason": "seen"}).json()
    assert moved["statusChange"][-1].items() >= {"status": "inProgress", "changeReason": "seen"}.items()
    assert big.post(V4, json=sent).json()["id"] == fourth["id"]
    assert refused(big.post(V4, json={**sent, "severity": "Minor"})) == (409, "IDK-1402")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'"x"', 400),
        (b"{}", 400),
        (b'{"description": "x"}', 400),
        (b'{"description": "x\\u0000", "severity": "a", "ticketType": "b"}', 400),
        (b'{"description": "x", "severity": "a", "ticketType": "b", "note": {"text": "x"}}', 400),
        (b'{"description": "x", "severity": "a", "ticketType": "b", "n": 1' + b"0" * 5000 + b"}", 400),
        (b'{"description": "x", "severity": "a", "ticketType": "b", "n": 18446744073709551616}', 400),
        (b'{"description": "x", "severity": "a", "ticketType": "b", "n": NaN}', 400),
        (b"[" * 5000, 400),
        (b'{"description": "\xff"}', 400),
        (b'{"x": "' + b"y" * 2_000_001 + b'"}', 413),
    ],
    ids=range(14),
)
def test_what_is_no_ticket_is_told_in_the_standards_shape(
    big: httpx.Client, body: bytes, status: int
) -> None:
    answer = big.post(V5, content=body, headers={"content-type": "application/json"})
    assert refused(answer)[0] == status


@pytest.mark.parametrize(
    ("method", "path", "more", "expected"),
    [
        ("GET", f"{V5}/apt_none", {}, (404, "IDK-1401")),
        ("GET", "/tmf-api/troubleTicket/v3/troubleTicket", {}, (404, "IDK-1401")),
        ("GET", V5, {"params": {"colour": "red"}}, (400, "IDK-1403")),
        ("GET", V5, {"params": {"filter": "attachment[?(@size==300)]"}}, (400, "IDK-1403")),
        ("GET", V5, {"params": {"offset": "-1"}}, (400, "IDK-1403")),
        ("GET", V5, {"params": {"sort": "colour"}}, (400, "IDK-1403")),
        ("GET", V5, {"headers": {"authorization": "Bearer x"}}, (401, "IDK-1404")),
        ("GET", V5, {"params": {"desk": "bank"}}, (404, "IDK-1401")),
    ],
)
def test_a_refusal_is_an_error_of_the_standard(
    big: httpx.Client, method: str, path: str, more: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert refused(big.request(method, path, **more)) == expected


def test_a_refusal_tells_nothing_of_where_it_was_made(big: httpx.Client) -> None:
    told = big.get(V5, params={"offset": "-1"}).json()
    assert told["message"] == "offset: Input should be greater than or equal to 0"
    assert told["referenceError"].startswith("http")
    assert told["referenceError"].endswith("/problems/IDK-1403")
    assert refused(big.get(f"{V5}?name=%00")) == (400, "IDK-1403")


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({"id": "other"}, 400),
        ({"creationDate": "2026-01-01T00:00:00Z"}, 400),
        ({"status": "Submitted"}, 400),
        ({"status": None}, 400),
        ({"status": "closed"}, 409),
        ({"status": "rejected"}, 400),
        ({"note": [{"author": "x"}]}, 400),
        ([], 400),
    ],
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    big: httpx.Client, patch: Any, status: int
) -> None:
    told = opened(big)
    assert refused(big.patch(told["href"], json=patch))[0] == status
    assert big.get(told["href"]).json() == told
    assert refused(big.patch(told["href"], content=b"x", headers={"content-type": "text/plain"}))[0] in (
        400,
        415,
    )
    assert refused(big.delete(told["href"])) == (405, "IDK-1406")


def test_nobody_sees_or_changes_anothers(big: httpx.Client, doors: Doors, installed: Gateway) -> None:
    mine = opened(big)
    with client_of(doors, installed, "bank") as bank:
        assert refused(bank.get(V5)) == (400, "IDK-1403")
        asked = {"desk": "bank"}
        assert bank.get(V5, params=asked).json() == []
        missing = bank.get(f"{V5}/apt_none", params=asked)
        for answer in (
            bank.get(mine["href"], params=asked),
            bank.patch(mine["href"], params=asked, json={"name": "x"}),
        ):
            assert (answer.status_code, answer.content) == (404, missing.content)
    with client_of(doors, installed, "north") as north:
        assert refused(north.get(V5)) == (404, "IDK-1401")
    assert big.get(mine["href"]).json() == mine


def test_a_file_is_kept_and_given_back_as_bytes(big: httpx.Client) -> None:
    file = {"name": "plan.svg", "mimeType": "image/svg+xml", "content": "PHN2Zy8+", "@type": "Attachment"}
    [shown] = opened(big, attachment=[file])["attachment"]
    assert (
        shown.items()
        >= {"name": "plan.svg", "mimeType": "image/svg+xml", "size": {"amount": 6, "units": "byte"}}.items()
    )
    answer = big.get(shown["url"])
    assert (answer.content, answer.headers["content-type"]) == (b"<svg/>", "application/octet-stream")
    assert answer.headers["content-disposition"] == "attachment"


def test_a_listener_is_registered_once_and_taken_away(
    big: httpx.Client, doors: Doors, installed: Gateway
) -> None:
    hub = V5.replace("/troubleTicket/v5/troubleTicket", "/troubleTicket/v5/hub")
    sent = {
        "callback": "https://listener.example/x",
        "query": "eventType=TroubleTicketCreateEvent",
        "@type": "Hub",
    }
    made = big.post(hub, json=sent)
    assert (made.status_code, made.json().items() >= sent.items()) == (201, True)
    where = made.headers["location"]
    assert big.get(where).json() == made.json()
    assert refused(big.post(hub, json=sent)) == (409, "IDK-1402")
    bad: list[Any] = [{}, [], {"callback": "nowhere"}, {**sent, "query": 7}, {**sent, "query": "colour=red"}]
    for wrong in bad:
        assert refused(big.post(hub, json=wrong))[0] == 400
    with client_of(doors, installed, "bank") as bank:
        for method in ("GET", "DELETE"):
            assert refused(bank.request(method, where, params={"desk": "bank"}))[0] == 404
    assert big.delete(where).status_code == 204
    assert refused(big.delete(where))[0] == 404


def test_mef_commands_move_what_may_move(big: httpx.Client) -> None:
    href = opened(big)["href"]
    assert refused(big.post(f"{href}/close")) == (409, "IDK-1402")
    assert refused(big.post(f"{href}/explode"))[0] == 404
    big.patch(href, json={"status": "resolved"})
    assert refused(big.post(f"{href}/reopen"))[0] == 400
    assert refused(big.post(f"{href}/reopen", json={"reason": 7}))[0] == 400
    assert big.post(f"{href}/reopen", json={"reason": "Still dead"}).status_code == 204
    told = big.get(href).json()
    assert (told["status"], told["statusChangeReason"]) == ("inProgress", "Still dead")
    assert [big.post(f"{href}/cancel").status_code for _ in range(2)] == [204, 204]
    assert refused(big.post(f"{href}/close")) == (409, "IDK-1402")


def test_a_ticket_in_our_own_words_is_opened_once_and_is_the_same_ticket(big: httpx.Client) -> None:
    sent = {
        "title": "Till 7 is dead", "external_id": "INC-99", "priority": "high", "site": "MI-1", "requester": "Ann",
        "due_at": "2026-12-01T10:00:00+01:00", "custom": {"till": "7"},
    }  # fmt: skip
    made = big.post("/v1/tickets", json=sent)
    assert (made.status_code, made.json()["repeated"], made.json()["status"]) == (201, False, "acknowledged")
    told = big.get(made.json()["href"]).json()
    assert (told["name"], told["priority"]) == ("Till 7 is dead", "high")
    assert told["requestedResolutionDate"] == "2026-12-01T09:00:00.000Z"
    assert told["troubleTicketCharacteristic"][0]["value"] == "7"
    again = big.post("/v1/tickets", json=sent)
    assert (again.status_code, again.json()["id"], again.json()["repeated"]) == (200, made.json()["id"], True)
    other = big.post("/v1/tickets", json={**sent, "title": "Till 8"})
    assert (other.status_code, other.json()["code"]) == (409, "IDK-1402")
    for wrong in (
        {},
        {"title": " "},
        {**sent, "more": 1},
        {**sent, "due_at": "2026-12-01T10:00:00"},
        {**sent, "priority": "purple"},
    ):
        assert big.post("/v1/tickets", json=wrong).status_code == 422


KIND = {
    "@type": "TroubleTicketSpecification",
    "name": "Bill Dispute",
    "lifecycleStatus": "inDesign",
    "specCharacteristic": [
        {
            "id": "5",
            "name": "amount",
            "valueType": "number",
            "configurable": True,
            "@type": "CharacteristicSpecification",
        }
    ],
}
KINDS = {
    name: value for name, value in official("TroubleTicketSpecification").items() if isinstance(value, dict)
}
SENT = {"own": KIND} | {name: value for name, value in KINDS.items() if value.get("name")}


@pytest.mark.parametrize("document", SENT.values(), ids=SENT.keys())
def test_a_specification_is_kept_as_it_is(big: httpx.Client, document: dict[str, Any]) -> None:
    where = V5 + "Specification"
    made = big.post(where, json=document)
    told = made.json()
    servers = {"id", "href", "lastUpdate"}
    assert made.status_code == 201
    assert {n: v for n, v in told.items() if n not in servers} == {
        n: v for n, v in document.items() if n not in servers
    }
    assert big.get(told["href"]).json() == told
    assert told in big.get(where, params={"name": document["name"], "limit": 200}).json()
    assert big.delete(told["href"]).status_code == 204
    assert refused(big.get(told["href"]))[0] == 404


def test_a_specification_is_changed_in_every_way(big: httpx.Client, doors: Doors, installed: Gateway) -> None:
    where = V5 + "Specification"
    href = big.post(where, json=KIND).json()["href"]
    assert big.patch(href, json={"lifecycleStatus": "active"}).json()["lifecycleStatus"] == "active"
    query = [{"op": "replace", "path": "/specCharacteristic?id=5", "value": {"configurable": False}}]
    kind = {"content-type": "application/json-patch-query+json"}
    told = big.patch(href, content=json.dumps(query), headers=kind).json()
    assert (told["specCharacteristic"][0]["configurable"], told["specCharacteristic"][0]["name"]) == (
        False,
        "amount",
    )
    bad: list[Any] = [{"name": None}, {"name": 7}, []]
    assert [refused(big.patch(href, json=wrong))[0] for wrong in bad] == [400] * 3
    assert refused(big.post(where, json={}))[0] == 400
    assert refused(big.get(V4 + "Specification"))[0] == 404
    with client_of(doors, installed, "bank") as bank:
        answers = [
            bank.request(method, href, params={"desk": "bank"}, json={})
            for method in ("GET", "PATCH", "DELETE")
        ]
        assert [refused(answer)[0] for answer in answers] == [404] * 3


MEF = "/mefApi/sonata/troubleTicket/v4/troubleTicket"
BUYERS = {
    "description": "Line is down", "severity": "significant", "priority": "low", "ticketType": "maintenance", "observedImpact": "down",
    "relatedContactInformation": [{"role": "reporterContact", "name": "Ann", "emailAddress": "ann@big.example", "number": "1"}],
    "relatedEntity": [{"id": "EVC-1", "role": "affected", "@referredType": "Product"}], "externalId": "MEF-1",
}  # fmt: skip


def test_mef_is_the_same_ticket_with_buyer_and_seller_apart(big: httpx.Client) -> None:
    made = big.post(
        MEF, json={**BUYERS, "note": [{"author": "Ann", "text": "Please hurry", "source": "seller"}]}
    )
    told = made.json()
    assert (made.status_code, made.headers["location"]) == (201, f"{MEF}/{told['id']}")
    assert {name: told[name] for name in BUYERS} == BUYERS
    assert (told["sellerPriority"], told["sellerSeverity"], told["status"]) == (
        "low",
        "minor",
        "acknowledged",
    )
    assert told["note"][0]["source"] == "buyer"
    fifth = f"{V5}/{told['id']}"
    assert big.get(fifth).json()["externalIdentifier"][0]["id"] == "MEF-1"
    big.patch(fifth, json={"status": "held"})
    assert big.get(told["href"]).json()["status"] == "inProgress"
    changed = big.patch(
        told["href"], json={"severity": "extensive", "note": [{"author": "Ann", "text": "Now"}]}
    )
    assert (changed.json()["severity"], len(changed.json()["note"])) == ("extensive", 2)
    assert big.get(fifth).json()["status"] == "held"
    [listed] = big.get(MEF, params={"externalId": "MEF-1"}).json()
    assert (listed["id"], "note" in listed) == (told["id"], False)
    assert big.post(f"{told['href']}/cancel").status_code == 204
    assert big.get(told["href"]).json()["status"] == "cancelled"


@pytest.mark.parametrize(
    ("method", "body", "status", "code"),
    [
        (
            "POST",
            {"description": "x", "severity": "minor", "ticketType": "assistance"},
            422,
            "missingProperty",
        ),
        ("POST", {**BUYERS, "externalId": "MEF-2", "priority": 7}, 422, "invalidValue"),
        ("PATCH", {"status": "closed"}, 422, "invalidValue"),
        ("PATCH", {"note": [{"id": "n", "author": "Ann", "text": "other words"}]}, 422, "invalidValue"),
    ],
)
def test_mef_names_what_is_not_valid(
    big: httpx.Client, method: str, body: Any, status: int, code: str
) -> None:
    note = {"id": "n", "author": "Ann", "text": "words"}
    made = big.post(MEF, json={**BUYERS, "externalId": f"MEF {code} {method} {len(body)}", "note": [note]})
    answer = big.request(method, MEF if method == "POST" else made.json()["href"], json=body)
    told = answer.json()
    assert (answer.status_code, told[0]["code"]) == (status, code)
    assert told[0]["propertyPath"].startswith("/")
    assert told[0]["reason"]
    missing = big.get(f"{MEF}/apt_none")
    assert (missing.status_code, missing.json()["code"]) == (404, "notFound")
