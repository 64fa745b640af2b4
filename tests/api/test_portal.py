"""`/v1/portal/jobs` and `/portal/{token}`: a party's own jobs behind its key, and what its links do."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

from gateway.app import Gateway, utc_now
from gateway.desk_client import Asked
from gateway.flows import postman
from gateway.flows.portal.mailing import Mailing
from gateway.in_house import reading
from gateway.testing.stepped import BATCH
from tests.api import house, portal
from tests.api.house import Answer, Doors

WHERE = "http://gw.example"


@pytest.fixture
def job(gateway: Gateway, tmp_path: Path) -> str:
    portal.furnish(gateway, tmp_path)
    return portal.job(gateway)


def post(doors: Doors, path: str, headers: dict[str, str], once: str = "1", **document: Any) -> Answer:
    told = {**headers, "content-type": "application/json", "idempotency-key": once}
    return doors.send("POST", path, body=orjson.dumps(document), headers=told)


def links(gateway: Gateway) -> dict[str, str]:
    """Act → path of the page that a mail leads to."""
    mailing = Mailing(context=gateway.context, address=WHERE)
    found: dict[str, str] = {}
    for letter in postman.claim(gateway.context, now=utc_now())[:BATCH]:
        lines = mailing.filled(letter, utc_now()).body.splitlines()
        found |= {
            words.rstrip(":"): url.strip().removeprefix(WHERE)
            for words, url in pairwise(lines)
            if WHERE in url
        }
    return found


def test_a_party_reads_and_does_its_own_jobs(gateway: Gateway, doors: Doors, job: str) -> None:
    key = house.key(gateway, "quick")
    [listed] = doors.send("GET", "/v1/portal/jobs", headers=key).document["jobs"]
    assert (listed["id"], listed["number"], listed["state"]) == (job, "P-1", "offered")

    done = post(doors, f"/v1/portal/jobs/{job}", key, act="accept", by="Mauro")
    again = post(doors, f"/v1/portal/jobs/{job}", key, act="accept", by="Mauro")
    assert (done.status, done.document["state"], done.document["repeated"]) == (200, "accepted", False)
    assert (again.status, again.document["repeated"]) == (200, True)
    assert done.document["history"][0]["actor"]["name"] == "Mauro"

    file = doors.send(
        "POST",
        f"/v1/portal/jobs/{job}/files?filename=photo.jpg&by=Mauro",
        body=bytes(range(256)),
        headers={**key, "content-type": "image/jpeg", "idempotency-key": "f"},
    )
    assert (file.status, file.document["files"][0]["size"]) == (200, 256)
    assert "key" not in file.document["files"][0]


def test_a_file_of_no_type_leaves_its_job_readable(gateway: Gateway, doors: Doors, job: str) -> None:
    told = {**house.key(gateway, "quick"), "content-type": ";x", "idempotency-key": "f"}
    sent = doors.send("POST", f"/v1/portal/jobs/{job}/files?filename=x&by=M", body=b"x", headers=told)
    assert sent.document["files"][0]["media_type"] == "application/octet-stream"
    for address in (f"/tickets/{job}/files/1", f"/jobs/{job}/files/1"):  # as it was kept before 0028
        asked = Asked(desk_id=portal.desk_id(gateway), method="GET", path=address, query={})
        assert b"".join(gateway.doors()["portal"](asked).body) == b"x"  # type: ignore[arg-type]
    shown = portal.asked(gateway, "GET", f"/tickets/{job}")
    shown["ticket"]["files"][0]["media_type"] = ""  # as desks tell that know no type
    assert reading.snapshot(shown["ticket"]).attachments[0].media_type == "application/octet-stream"


def test_a_comment_without_words_is_refused(gateway: Gateway, job: str) -> None:
    for text in ("", " \n"):
        told = portal.asked(gateway, "POST", f"/tickets/{job}/comments", text=text, marker="idk-2")
        assert "words" in told["error"]
    assert portal.asked(gateway, "GET", f"/tickets/{job}")["ticket"]["comments"] == []


@pytest.mark.parametrize(
    "document",
    [
        {"act": "decline", "by": "M"},
        {"act": "fly", "by": "M"},
        {"act": "file", "by": "M"},
        {"act": "done", "by": "M", "text": "x" * 20_000},
        {"act": "accept", "by": "M", "more": 1},
    ],
)
def test_what_is_no_act_is_told(gateway: Gateway, doors: Doors, job: str, document: dict[str, Any]) -> None:
    answer = post(doors, f"/v1/portal/jobs/{job}", house.key(gateway, "quick"), **document)
    assert (answer.status, answer.code) == (422, "IDK-1403")


def test_jobs_of_others_are_not_there(gateway: Gateway, doors: Doors, job: str) -> None:
    key = house.key(gateway, "north")
    assert doors.send("GET", "/v1/portal/jobs", headers=key).document["jobs"] == []
    assert doors.send("GET", f"/v1/portal/jobs/{job}", headers=key).status == 404
    assert post(doors, f"/v1/portal/jobs/{job}", key, act="accept", by="M").status == 404
    told = {**key, "idempotency-key": "f"}
    assert (
        doors.send("POST", f"/v1/portal/jobs/{job}/files?filename=x", body=b"x", headers=told).status == 404
    )
    assert doors.send("GET", "/v1/portal/jobs").status == 401


def test_opening_a_link_does_nothing_and_posting_it_does_it_once(
    gateway: Gateway, doors: Doors, job: str
) -> None:
    path = links(gateway)["Accettare l'incarico"]
    for _ in range(3):
        page = doors.send("GET", path)
        assert (page.status, "noindex" in page.headers["x-robots-tag"]) == (200, True)
        assert "Non è ancora successo nulla" in page.body.decode()
    operator = house.key(gateway)
    assert doors.send("GET", f"/v1/portal/jobs/{job}", headers=operator).document["state"] == "offered"

    form = {"content-type": "application/x-www-form-urlencoded"}
    done = doors.send("POST", path, body=b"by=Mauro+Rossi&text=", headers=form)
    assert (done.status, "Grazie" in done.body.decode()) == (200, True)
    again = doors.send("POST", path, body=b"by=Mauro+Rossi&text=", headers=form)
    assert (again.status, "già stato usato" in again.body.decode()) == (410, True)
    english = doors.send("GET", f"{path}?lang=en")
    assert "This link has been used" in english.body.decode()
    shown = doors.send("GET", f"/v1/portal/jobs/{job}", headers=operator).document
    assert (shown["state"], len(shown["history"])) == ("accepted", 1)


def test_a_form_without_its_words_asks_again_and_the_link_stays_good(
    gateway: Gateway, doors: Doors, job: str
) -> None:
    path = links(gateway)["Rifiutarlo, con un motivo"]
    form = {"content-type": "application/x-www-form-urlencoded"}
    lacking = doors.send("POST", path, body=b"by=Mauro&text=+", headers=form)
    assert (lacking.status, "testo richiesto" in lacking.body.decode()) == (422, True)
    done = doors.send("POST", path, body=b"by=Mauro&text=Nessun+furgone", headers=form)
    assert done.status == 200


def test_a_report_comes_with_a_file(gateway: Gateway, doors: Doors, job: str) -> None:
    path = links(gateway)["Comunicare che il lavoro è concluso"]
    data = bytes(range(256)) * 3 + b"\r\n--x\r\n"
    body = (
        b'--bound\r\nContent-Disposition: form-data; name="by"\r\n\r\nMauro\r\n'
        b'--bound\r\nContent-Disposition: form-data; name="text"\r\n\r\nAlimentatore sostituito\r\n'
        b'--bound\r\nContent-Disposition: form-data; name="file"; filename="C:\\foto\\till.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + data + b"\r\n--bound--\r\n"
    )
    done = doors.send(
        "POST", path, body=body, headers={"content-type": "multipart/form-data; boundary=bound"}
    )
    assert done.status == 200
    shown = doors.send("GET", f"/v1/portal/jobs/{job}", headers=house.key(gateway)).document
    assert [(one["filename"], one["size"]) for one in shown["files"]] == [("till.jpg", len(data))]
    assert (shown["state"], shown["comments"][0]["text"]) == ("done", "Alimentatore sostituito")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data; boundary=b", b"nothing of the kind"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\n\r\n" * 100),
        ("multipart/form-data", b"--b--"),
        ("application/x-www-form-urlencoded", b"by=" + b"x" * 300_000),
        ("application/x-www-form-urlencoded", b"\xff=\xfe"),
        ("text/plain", b"&" * 5000),
        ("application/x-www-form-urlencoded", b"by=%00&text=Nessun+furgone"),
    ],
)
def test_a_hostile_form_is_refused_and_changes_nothing(
    gateway: Gateway, doors: Doors, job: str, kind: str, body: bytes
) -> None:
    path = links(gateway)["Rifiutarlo, con un motivo"]
    answer = doors.send("POST", path, body=body, headers={"content-type": kind})
    assert answer.status == 422
    shown = doors.send("GET", f"/v1/portal/jobs/{job}", headers=house.key(gateway)).document
    assert shown["state"] == "offered"


@pytest.mark.parametrize("token", ["x", "fgw_link_" + "a" * 49, re.sub("a", "b", "fgw_link_" + "a" * 49)])
def test_a_token_of_nobody_is_no_page(doors: Doors, token: str) -> None:
    assert doors.send("GET", f"/portal/{token}").status == 404
    assert doors.send("POST", f"/portal/{token}", body=b"by=x").status == 404
