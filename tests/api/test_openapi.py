"""The description of the API: published as it is served, with an example of everything that is what it says; and every door of the API
does what all do."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from jsonschema import Draft202012Validator

from gateway.api import openapi, problem_pages
from gateway.api.door import Door
from tests.api import examples
from tests.api.furnished import Furnished, furnished
from tests.documents import CHECKOUT

CURE = "python -m tests.api.examples makes both anew (--description: without the examples)"
Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with furnished(tmp_path_factory.mktemp("openapi")) as opened:
        yield opened


@pytest.fixture(scope="module")
def description(here: Furnished) -> dict[str, Any]:
    return openapi.description(here.app)


def operations(description: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def test_what_is_published_is_what_is_served(here: Furnished, description: dict[str, Any]) -> None:
    published = json.loads(examples.PUBLISHED.read_text(encoding="utf-8"))
    assert here.client.get("/openapi.json").json() == description
    assert published == description, CURE
    assert published["openapi"] == "3.1.0"


def strict(node: Any) -> Any:
    """The same schema, with nothing in an object that it does not name."""
    if isinstance(node, dict):
        more = (
            {"additionalProperties": False}
            if "properties" in node and "additionalProperties" not in node
            else {}
        )
        return {name: strict(value) for name, value in node.items()} | more
    return [strict(one) for one in node] if isinstance(node, list) else node


def test_every_operation_has_examples_and_they_are_what_it_says(description: dict[str, Any]) -> None:
    components = {"components": strict(description["components"])}
    wrong = []
    for method, path, operation in operations(description):
        told = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
        parts = [answer["content"]["application/json"] for answer in told.values()]
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        for part in [*parts, *([body] if body else [])]:
            if "example" not in part:
                wrong.append(f"{method} {path} has no example; {CURE}")
                continue
            judge = Draft202012Validator({**components, **strict(part["schema"])})
            wrong += [
                f"{method} {path}: {one.json_path} {one.message[:200]}"
                for one in judge.iter_errors(part["example"])
            ]
    assert wrong == []


def test_a_wrong_method_is_told_all_right_ones(here: Furnished, description: dict[str, Any]) -> None:
    for path, methods in description["paths"].items():
        answer = here.client.request("OPTIONS", path.replace("{", "").replace("}", ""))
        told = {name.strip().lower() for name in answer.headers["allow"].split(",")}
        assert (answer.status_code, told) == (405, set(methods)), path


def test_every_door_of_the_api_is_a_door(here: Furnished) -> None:
    others = [
        one.path
        for one in iter_route_contexts(here.app.routes)
        if str(one.path).startswith("/v1/") and not isinstance(one.original_route, Door)
    ]
    assert others == [], "give their router route_class=Door"


def test_t5_nothing_secret_has_a_place_in_an_answer(description: dict[str, Any]) -> None:
    names = {
        name
        for schema in description["components"]["schemas"].values()
        for name in schema.get("properties", ())
    }
    assert {name for name in names if re.search(r"secret|credential|password|token|sealed", name)} == set()


def test_every_code_has_a_page(here: Furnished) -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in (CHECKOUT / "gateway").rglob("*.py"))
    codes = set(re.findall(r'"(IDK-\d{4})"', text))
    assert codes == set(problem_pages.pages())
    for code in sorted(codes):
        assert here.client.get(f"/problems/{code}").json()["meaning"]
    page = here.client.get("/problems/IDK-1403", headers={"accept": "text/html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>IDK-1403: The request is not valid</h1>" in page.text
    assert here.client.get("/problems/IDK-9999").status_code == 404


def test_a_refusal_leads_to_its_page(here: Furnished) -> None:
    told = here.ask("north", "GET", "/v1/tickets/tkt_never").json()
    assert here.client.get(told["type"]).json()["code"] == told["code"] == "IDK-1401"


@pytest.mark.parametrize(
    ("who", "path", "seen"),
    [
        ("south", "/v1/agreements", ["south-sla"]),
        ("north", "/v1/agreements", ["south-sla"]),
        ("far", "/v1/agreements", []),
        ("operator", "/v1/agreements?consumer=north&limit=1", ["south-sla"]),
        ("operator", "/v1/agreements?consumer=far", []),
    ],
)
def test_an_agreement_is_read_by_its_two_parties(
    here: Furnished, who: str, path: str, seen: list[str]
) -> None:
    assert [one["code"] for one in here.ask(who, "GET", path).json()["agreements"]] == seen


def test_clocks_are_told_to_the_parties_alone(here: Furnished) -> None:
    path = f"/v1/tickets/{here.chain.ticket}"
    for who in ("north", "south", "operator"):
        told = here.ask(who, "GET", f"{path}/clocks").json()["clocks"]
        assert {one["target_kind"] for one in told} == {"response", "resolution"}, who
        assert all(one["due_at"] and one["target"] in (3600, 28800) for one in told)
    for part in ("", "/clocks", "/stops", "/visits", "/hops", "/events"):
        assert here.ask("far", "GET", path + part).status_code == 404


def test_a_report_is_read_by_whom_it_is_for(here: Furnished) -> None:
    [report] = here.ask("north", "GET", "/v1/reports").json()["reports"]
    whole = here.ask("north", "GET", f"/v1/reports/{report['id']}").json()
    assert whole["document"]["title"] == whole["title"] == report["title"]
    again = here.ask("north", "GET", "/v1/reports?limit=1").json()["next"]
    assert here.ask("north", "GET", f"/v1/reports?cursor={again}").json() == {"reports": [], "next": None}
    assert here.ask("south", "GET", "/v1/reports").json()["reports"] == []
    assert here.ask("south", "GET", f"/v1/reports/{report['id']}").status_code == 404


def test_events_go_on_where_they_ended(here: Furnished) -> None:
    path = f"/v1/tickets/{here.chain.ticket}/events"
    page = here.ask("north", "GET", f"{path}?limit=3").json()
    found, first = page["events"], page["next"]
    while page["next"]:
        page = here.ask("north", "GET", f"{path}?limit=3&cursor={page['next']}").json()
        found += page["events"]
    whole = here.ask("north", "GET", f"/v1/tickets/{here.chain.ticket}").json()["events"]
    assert [one["id"] for one in found] == [one["id"] for one in whole]
    [opened] = here.ask("north", "GET", f"{path}?type=ticket.opened").json()["events"]
    other = here.ask("north", "GET", f"/v1/tickets/tkt_stays/events?cursor={first}")
    assert (opened["type"], other.status_code) == ("ticket.opened", 422)


def test_tickets_are_narrowed(here: Furnished) -> None:
    def found(query: str) -> set[str]:
        answer = here.ask("north", "GET", f"/v1/tickets?{query}")
        return (
            {one["id"] for one in answer.json()["tickets"]}
            if answer.status_code == 200
            else {answer.json()["code"]}
        )

    both = {here.chain.ticket, "tkt_stays"}
    assert found("desk=north") == found("open=true") == found("opened_from=2020-01-01T00:00:00Z") == both
    assert (
        found("desk=south") == found("status=resolved") == found("opened_until=2020-01-01T00:00:00Z") == set()
    )
    assert found("opened_from=2020-01-01T00:00:00") == found("status=lost") == {"IDK-1403"}
