"""Packages at the terminal: what one asks for, what it would change, what a mistake looks like; one exported is applied elsewhere."""

from pathlib import Path

import pytest
import yaml

from gateway import schemas
from gateway.app import Gateway
from tests.cli.conftest import Run

CUSTOMER = schemas.folder() / "packages" / "large_customer_by_api.yaml"
PARTNER = schemas.folder() / "packages" / "partner_on_redmine.yaml"
OF_CUSTOMER = {
    "customer": "acme",
    "customer_name": "Acme Stores",
    "closes": "19:00",
    "our_organization": "north",
    "our_desk": "north",
}
OF_PARTNER = {
    "partner": "forge",
    "partner_name": "Forge Services",
    "url": "https://redmine.forge.example",
    "key_in": "FORGE_KEY",
    "account": "7",
    "project": "till-care",
    "marker_field": "5",
    "our_organization": "north",
    "our_desk": "north",
}


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LONG_SECRET", "0123456789" * 4)
    monkeypatch.setenv("FORGE_KEY", "a-key-of-forge-0123456789")


def said(values: dict[str, str]) -> list[str]:
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


@pytest.mark.parametrize(
    ("file", "values", "made"),
    [
        (
            CUSTOMER,
            OF_CUSTOMER,
            ("organization acme", "desk acme-api", "link acme-api-north", "acme-sla"),
        ),
        (
            PARTNER,
            OF_PARTNER,
            ("organization forge", "desk forge", "link north-forge", "agreement forge/forge-uc"),
        ),
    ],
)
def test_a_package_is_seen_and_then_applied(
    gateway: Gateway, run: Run, file: Path, values: dict[str, str], made: tuple[str, ...]
) -> None:
    seen = run("package", "apply", str(file), *said(values), "--dry-run")
    assert (seen.exit_code, [one for one in made if one not in seen.stdout]) == (0, []), seen.output
    assert "5 to create" in seen.stderr
    assert run("package", "apply", str(file), *said(values), "--yes").exit_code == 0
    again = run("package", "apply", str(file), *said(values), "--dry-run")
    assert "0 to create, 0 to change" in again.stderr
    assert "maria" in run("audit", "list", "--limit", "5").stdout


def test_what_is_missing_unknown_or_of_another_kind_is_told_at_once(gateway: Gateway, run: Run) -> None:
    values = {**OF_PARTNER, "marker_field": "five", "partnr": "x"}
    del values["url"]
    refused = run("package", "apply", str(PARTNER), *said(values), "--dry-run")
    assert refused.exit_code == 3
    for told in (
        "partnr is no parameter of it; did you mean 'partner'?",
        "url is missing: address of their Redmine",
        "marker_field is to be a number, and 'five' is none",
    ):
        assert told in refused.stderr, refused.stderr
    twice = run("package", "apply", str(PARTNER), "--set", "url=a", "--set", "url=b")
    assert "--set url stands there twice" in twice.stderr
    assert "names no value" in run("package", "apply", str(PARTNER), "--set", "url").stderr


@pytest.mark.parametrize("odd", ["", "#", "1 --- 2", "--- 1\n--- 2", "{", "true", "[1]"])
def test_what_is_no_number_is_told_with_its_parameter(gateway: Gateway, run: Run, odd: str) -> None:
    values = said({**OF_PARTNER, "marker_field": odd})
    refused = run("package", "apply", str(PARTNER), *values, "--dry-run")
    assert refused.exit_code == 3, refused.output
    assert f"marker_field is to be a number, and {odd!r} is none" in refused.stderr.replace("\\\\", "\\")


def test_parameters_are_told(run: Run) -> None:
    told = run("package", "show", str(PARTNER)).stdout
    assert "marker_field" in told
    assert "number" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("installation: {organizations: [{code: '${nobody}'}]}", "${nobody} is no parameter of it"),
        (
            "installation: {organizations: [{code: '${used}', name: '${more}'}]}",
            "parameters.more: it is used nowhere",
        ),
        (
            "installation: {desks: [{code: '${used}', credentials: {secret: hunter2-hunter2}}]}",
            "a secret never stands in a file",
        ),
        (
            "installation: {desks: [{code: '${used}', credentials: {secret: {file: /etc/key}}}]}",
            "names no file",
        ),
        (
            "installation: {desks: [{code: '${used}', credentials: {secret: {env: OUR_KEY}}}]}",
            "names no variable",
        ),
        ("installation: {desks: [{code: '${used}', hook: {secrets: [{file: x}]}}]}", "names no file"),
        (
            "installation: {desks: [{code: '${used}', '${by_default}': {secret: {file: x}}}]}",
            "a name is no place",
        ),
        ("installation: {organizations: []}", "installation.organizations"),
        ("--- {}", "holds 2 documents"),
    ],
)
def test_a_bad_package_is_refused_before_anything_is_asked(
    run: Run, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "package.yaml"
    declared = (
        "{used: {description: x}}"
        if "more" not in text
        else "{used: {description: x}, more: {description: y}}"
    )
    if "by_default" in text:
        declared = "{used: {description: x}, by_default: {description: y, default: file}}"
    head = f"package: one\nversion: 1\nparameters: {declared}\n"
    file.write_text(head + text.replace(", name: '${more}'", ""), encoding="utf-8")
    refused = run("package", "show", str(file))
    assert refused.exit_code == 3
    assert told in refused.stderr, refused.stderr
    assert "hunter2" not in refused.output


def test_what_is_exported_is_applied_under_other_names(gateway: Gateway, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "north-south.package.yaml"
    assert run("package", "export", "north-south", "--out", str(file)).exit_code == 0
    text = file.read_text(encoding="utf-8")
    secrets = ("north-desk", "south-desk", "secret: '", "token: '")
    assert [one for one in secrets if one in text] == []
    package = yaml.safe_load(text)
    named = {name: f"other-{name.replace('_', '-')}" for name in package["parameters"]}
    named |= {name: "https://desk.other.example" for name in named if name.endswith("base_url")}
    named |= {name: "LONG_SECRET" for name in named if name.endswith("secret_in")}
    done = run("package", "apply", str(file), *said(named), "--yes")
    assert done.exit_code == 0, done.output
    assert "other-link" in run("link", "list").stdout
    assert run("package", "export", "nowhere", "--out", str(tmp_path / "x")).exit_code == 2
    assert "is not there yet" in run("package", "export", "north-south", "--out", str(file)).stderr


OF_OTHERS = """
organizations: [{code: third, name: Third Parts, zone: Europe/Rome}]
calendars: [{code: hours, organization: south, always: true}]
agreements:
  - code: spares
    organization: south
    consumer: north
    kind: sla
    calendar: hours
    parts_supplier: third
    targets: {resolution: {critical: 8h}}
links:
  - code: north-south
    upstream: north
    downstream: south
    passes: {when: {all: [{field: queue, value: Field}, {field: requester, value: Ada Quirrenbach}]}, delegate_as: South}
    identities: {table: [{upstream: ada.q, downstream: aquirrenbach}], rule: same}
    create: {assignee: Bob Builder, queue: Field}
"""


def test_people_and_third_parties_are_left_out_and_it_is_told(
    gateway: Gateway, run: Run, tmp_path: Path
) -> None:
    said_so = tmp_path / "others.yaml"
    said_so.write_text(OF_OTHERS, encoding="utf-8")
    done = run("apply", str(said_so), "--yes")
    assert done.exit_code == 0, done.output
    file = tmp_path / "shared.yaml"
    told = run("package", "export", "north-south", "--out", str(file))
    assert told.exit_code == 0, told.output
    text = file.read_text(encoding="utf-8")
    named = ("Quirrenbach", "ada.q", "aquirrenbach", "Bob Builder", "third")
    assert [one for one in named if one in text] == []
    for place in (
        "link north-south: identities.table (it names people)",
        "link north-south: create.assignee (it names people)",
        "link north-south: passes.when (it asks who somebody is",
        "agreement south/spares: parts_supplier (another organization)",
    ):
        assert f"left out: {place}" in told.output, told.output
    [link] = yaml.safe_load(text)["installation"]["links"]
    assert (link["identities"], link["create"]) == ({"rule": "same"}, {"queue": "Field"})
    assert link["passes"] == {"delegate_as": "South"}


def test_a_plan_shows_new_things_whole(gateway: Gateway, run: Run) -> None:
    seen = run("package", "apply", str(PARTNER), *said(OF_PARTNER), "--dry-run")
    assert seen.exit_code == 0, seen.output
    assert "base_url: (none) → https://redmine.forge.example" in seen.stdout
    assert "a-key-of-forge" not in seen.output


def test_a_contract_that_is_there_is_not_given_to_another_customer(
    gateway: Gateway, run: Run, tmp_path: Path
) -> None:
    assert run("package", "apply", str(CUSTOMER), *said(OF_CUSTOMER), "--yes").exit_code == 0
    file = tmp_path / "taken.yaml"
    document = yaml.safe_load(CUSTOMER.read_text(encoding="utf-8"))
    assert document["installation"]["agreements"][0]["code"] == "${customer}-sla"
    document["installation"]["agreements"][0]["code"] = "acme-sla"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    values = {**OF_CUSTOMER, "customer": "bistro", "customer_name": "Bistro"}
    for how in ("--dry-run", "--yes"):
        refused = run("package", "apply", str(file), *said(values), how)
        assert refused.exit_code == 3, refused.output
        assert "acme-sla: consumer would be 'bistro' instead of 'acme'" in refused.stderr
    assert "bistro" not in run("audit", "list", "--limit", "5").stdout


def test_applied_for_the_next_customer_it_leaves_the_contract_of_the_first(
    gateway: Gateway, run: Run, tmp_path: Path
) -> None:
    assert run("package", "apply", str(CUSTOMER), *said(OF_CUSTOMER), "--yes").exit_code == 0
    file = tmp_path / "next.yaml"
    assert run("package", "export", "acme-api-north", "--out", str(file)).exit_code == 0
    parameters = yaml.safe_load(file.read_text(encoding="utf-8"))["parameters"]
    named = {name: f"next-{name.replace('_', '-')}" for name in parameters}
    named |= {name: "LONG_SECRET" for name in named if name.endswith("secret_in")}
    named |= {"downstream_organization": "north", "downstream_name": "North"}
    named |= {name: "https://desk.other.example" for name in named if name.endswith("base_url")}
    seen = run("package", "apply", str(file), *said(named), "--dry-run")
    assert seen.exit_code == 0, seen.output
    assert "agreement north/next-agreement" in seen.stdout
    assert "acme-sla" not in seen.stdout
    assert "acme-office" not in seen.stdout
