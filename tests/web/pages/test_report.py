"""A published report at its two doors: who gets in, what each reads, as a page and as a file, and the headers around it."""

import base64
import hashlib
import re
from datetime import timedelta

import pytest

from gateway.app import Gateway, utc_now
from gateway.domain.reports.publication import Line
from gateway.errors import NotFound, Refused
from gateway.flows import publishing, share
from gateway.flows.commands import Order
from gateway.flows.publishing import Draft
from gateway.store.scope import OPERATOR_ID
from tests.api import house
from tests.api.house import Answer, Doors
from tests.domain.reports import sample

LINE = Line(kind="compliance", subject="north", period="2026-10", view="customer")


def org(gateway: Gateway, code: str) -> str:
    with gateway.database.read() as db:
        known = gateway.context.directory(db).organizations
    return next(one.id for one in known.values() if one.code == code)


def publish(gateway: Gateway, *, line: Line = LINE, owner: str = "north", late: bool = False) -> str:
    org_id = OPERATOR_ID if owner == OPERATOR_ID else org(gateway, owner)
    made = Draft(line=line, org_id=org_id, report=sample.later() if late else sample.report())
    return publishing.publish(gateway.context, made, Order(actor="maria", now=utc_now())).publication.id


@pytest.fixture(scope="module")
def report(gateway: Gateway) -> str:
    """Of the customer."""
    return publish(gateway)


@pytest.fixture(scope="module")
def inner(gateway: Gateway) -> str:
    """In the operator's own view."""
    line = Line(kind="compliance", subject="north", period="2026-10", view="operator")
    return publish(gateway, line=line, owner=OPERATOR_ID)


def text(answer: Answer) -> str:
    return answer.body.decode()


def linked(gateway: Gateway, report: str, code: str = "north") -> tuple[str, str]:
    wanted = share.Wanted(subject=report, organization=code, lasts=timedelta(days=1))
    link, token = share.create(gateway.context, wanted, actor="test", now=utc_now())
    return f"/shared/{token}", link.id


def get(doors: Doors, path: str, headers: dict[str, str] | None = None) -> Answer:
    return doors.send("GET", path, headers=headers or {})


@pytest.mark.parametrize("key", ["", "Bearer fgw_live_x", "Basic eDp5", "Bearer"])
def test_without_a_key_there_is_no_report(doors: Doors, report: str, key: str) -> None:
    answer = get(doors, f"/reports/{report}", {"authorization": key} if key else {})
    assert (answer.status, "North Stores" in text(answer)) == (401, False)


def test_the_customer_and_the_operator_read_it_and_nobody_else(
    gateway: Gateway, doors: Doors, report: str, inner: str
) -> None:
    for code, one, status in (
        (None, report, 200),
        ("north", report, 200),
        ("south", report, 404),
        ("stranger", report, 404),
        (None, inner, 200),
        ("north", inner, 404),
        (None, "pub_none", 404),
    ):
        answer = get(doors, f"/reports/{one}", house.key(gateway, code))
        assert answer.status == status, (code, one)
        assert ("1,999 of 2,000 resolutions" in text(answer)) == (status == 200)


def test_nothing_is_let_in_but_its_own_style(gateway: Gateway, doors: Doors, report: str) -> None:
    answer = get(doors, f"/reports/{report}", house.key(gateway))
    (sheet,) = re.findall(r"<style>(.*?)</style>", text(answer), flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "<script>alert" not in text(answer)


def test_a_link_opens_it_until_it_is_taken_back(gateway: Gateway, doors: Doors, report: str) -> None:
    path, name = linked(gateway, report)
    answer = get(doors, path)
    assert (answer.status, "This link works until" in text(answer)) == (200, True)
    assert answer.headers["cache-control"] == "no-store"
    share.revoke(gateway.context, name, actor="test", now=utc_now())
    gone = get(doors, path)
    assert (gone.status, "North Stores" in text(gone)) == (404, False)


def test_a_link_is_made_for_whose_report_it_is(gateway: Gateway, report: str, inner: str) -> None:
    with pytest.raises(Refused, match="south has nothing to do with this report") as refused:
        linked(gateway, report, "south")
    assert refused.value.cure == "one of: north"
    with pytest.raises(Refused, match="nothing to do") as refused:
        linked(gateway, inner)
    assert refused.value.cure == "publish it in that party's view"
    with pytest.raises(NotFound, match="no published report pub_none"):
        linked(gateway, "pub_none")


@pytest.mark.parametrize(
    ("form", "answered"),
    [
        ("json", ("application/json", "v1.json", b"{")),
        ("xlsx", ("application/vnd.openxmlformats", "v1.xlsx", b"PK")),
        ("csv", ("application/zip", "v1.zip", b"PK")),
    ],
)
def test_it_is_there_as_a_file_too(
    gateway: Gateway, doors: Doors, report: str, form: str, answered: tuple[str, str, bytes]
) -> None:
    media, name, begins = answered
    path, _ = linked(gateway, report)
    for answer in (
        get(doors, f"{path}?format={form}"),
        get(doors, f"/reports/{report}?format={form}", house.key(gateway, "north")),
    ):
        assert answer.status == 200
        assert answer.headers["content-type"].startswith(media)
        assert answer.headers["content-disposition"].startswith("attachment; filename=")
        assert name in answer.headers["content-disposition"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.body.startswith(begins)


def test_a_format_that_is_none_is_not_there(gateway: Gateway, doors: Doors, report: str) -> None:
    assert get(doors, f"/reports/{report}?format=exe", house.key(gateway)).status == 404


def test_the_visitors_language_is_its_frame(gateway: Gateway, doors: Doors, report: str) -> None:
    headers = house.key(gateway) | {"accept-language": "it, en;q=0.5"}
    answer = get(doors, f"/reports/{report}", headers)
    assert answer.headers["content-language"] == "it"
    assert "Sintesi" in text(answer)
    assert "Сводка" in text(get(doors, f"/reports/{report}?lang=ru", headers))


def test_a_version_that_was_replaced_says_so(gateway: Gateway, doors: Doors) -> None:
    line = Line(kind="compliance", subject="north", period="2026-09", view="customer")
    first = publish(gateway, line=line)
    publish(gateway, line=line, late=True)
    shown = text(get(doors, f"/reports/{first}", house.key(gateway)))
    assert "Version 2 has replaced this one." in shown
    assert "1,999" in shown
