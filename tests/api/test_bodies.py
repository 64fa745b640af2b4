"""What is refused before a door reads it: bodies that are too large, and signs that no database keeps."""

from pathlib import Path

import pytest

from gateway.api.bodies import MOST_BYTES
from gateway.app import Gateway
from tests.api import house, portal
from tests.api.house import Doors, exchange

HEAD = b"POST %s HTTP/1.1\r\nHost: gw\r\nContent-Type: %s\r\n"
LOOK = HEAD % (b"/v1/links/look", b"application/json")


@pytest.fixture
def gateway(either: Gateway) -> Gateway:
    return either


@pytest.mark.parametrize(
    "raw",
    [
        LOOK + b"Content-Length: 9000000000\r\n\r\n{",
        LOOK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (MOST_BYTES + 1) + b" " * (MOST_BYTES + 1),
    ],
    ids=["declared", "chunked"],
)
def test_a_document_without_end_is_refused_before_it_is_held(
    gateway: Gateway, doors: Doors, raw: bytes
) -> None:
    signed = house.key(gateway)["authorization"].encode()
    told = exchange(doors.port, raw.replace(b"Host: gw", b"Host: gw\r\nAuthorization: " + signed))
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"IDK-1103" in told


def test_nothing_is_read_of_what_a_stranger_sends(doors: Doors) -> None:
    assert exchange(doors.port, LOOK + b"Content-Length: 9000000000\r\n\r\n{").startswith(b"HTTP/1.1 401 ")


def test_a_link_of_nobody_is_refused_before_its_form_is_read(doors: Doors) -> None:
    head = HEAD % (b"/portal/fgw_link_x", b"multipart/form-data; boundary=b")
    told = exchange(doors.port, head + b"Content-Length: 20000000\r\n\r\n--b")
    assert told.startswith(b"HTTP/1.1 404 ")


def test_files_have_their_own_limit(gateway: Gateway, doors: Doors, tmp_path: Path) -> None:
    portal.furnish(gateway, tmp_path)
    told = {**house.key(gateway, "quick"), "idempotency-key": "f"}
    path = f"/v1/portal/jobs/{portal.job(gateway)}/files?filename=photo.jpg"
    answer = doors.send("POST", path, body=b"x" * (MOST_BYTES + 1), headers=told)
    assert (answer.status, answer.document["files"][0]["size"]) == (200, MOST_BYTES + 1)


def test_signs_that_no_database_keeps_are_told(gateway: Gateway, doors: Doors, tmp_path: Path) -> None:
    portal.furnish(gateway, tmp_path)
    told = {**house.key(gateway, "north"), "content-type": "application/json"}
    job = f"/v1/portal/jobs/{portal.job(gateway)}"
    offer = rb'{"desk": "north", "role": "upstream", "terms": {"passes": {"when": {"field": "queue", "value": %s}}}}'
    for number, (path, body) in enumerate(
        [
            ("/v1/links/invitations", offer % rb'"\ud800"'),
            ("/v1/links/invitations", offer % (b"1" + b"0" * 30)),
            ("/v1/links/look", rb'{"code": %s1%s}' % (b"[" * 300, b"]" * 300)),
            (job, rb'{"act": "comment", "text": "x", "by": "\u0000"}'),
            (job, rb'{"act": "comment", "text": "\udfff", "by": "M"}'),
            ("/v1/conflicts/cfl_1", rb'{"keep": "mine", "reason": "\u0000"}'),
            ("/v1/work/wrk_1", rb'{"verdict": "disputed", "reason": "\u0000"}'),
        ]
    ):
        answer = doors.send("POST", path, body=body, headers={**told, "idempotency-key": str(number)})
        assert (answer.status, answer.code) == (422, "IDK-1403"), body
        assert "NUL" in answer.document["detail"] or "kept" in answer.document["detail"], body
    for path in ("/v1/search?number=%00", "/v1/conflicts?ticket=%00", "/v1/portal/jobs?cursor=x%00"):
        answer = doors.send("GET", path, headers=told)
        assert (answer.status, answer.code) == (422, "IDK-1403"), path
    for path in ("/v1/portal/jobs/%00", "/v1/links/a%00", "/portal/%00"):
        assert doors.send("GET", path, headers=told).status == 404, path
