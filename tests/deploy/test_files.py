"""What deploy/ ships: every command exists, every variable is a setting, alerts and runbook speak of what there is, and
the commands of the Compose files work as ordinary processes (no container engine is needed)."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.app import utc_now
from gateway.cli.terminal import Code
from gateway.config import Settings
from gateway.domain.model import DeliveryState
from gateway.metrics import Metrics
from gateway.store import migrate
from gateway.store.db import Database
from tests import documents
from tests.deploy.files import (
    CHECKOUT,
    COMPOSE_ALONE,
    COMPOSE_CLUSTER,
    DEPLOY,
    SETTINGS,
    UNITS,
    filled,
    instructions,
    our_services,
    refused,
    services,
    started_by,
    unit,
)

DOCKERFILE = instructions(DEPLOY / "Dockerfile")
ALERTS: list[dict[str, Any]] = yaml.safe_load((DEPLOY / "alerts.yaml").read_text())["groups"][0]["rules"]
RUNBOOK = (DEPLOY / "runbook.md").read_text()
COMPOSES = (COMPOSE_ALONE, COMPOSE_CLUSTER)
SERVICES = [(path, name) for path in COMPOSES for name in our_services(path)]
METRIC = re.compile(r"\binterdesk_[a-z_]+")


def of_file(path: Path) -> str:
    return path.name


# -- the image ------------------------------------------------------------------------------------------------------


def test_the_image_is_made_of_what_is_there_and_may_be_seen() -> None:
    kept = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    copied = [
        rest.split()[:-1] for word, rest in DOCKERFILE if word == "COPY" and not rest.startswith("--from")
    ]
    names = [name for sources in copied for name in sources]
    assert [name for name in names if not (CHECKOUT / name).exists()] == []
    assert set(names) == kept


def test_the_image_holds_what_the_wheel_is_made_of() -> None:
    copied = {name for word, rest in DOCKERFILE if word == "COPY" for name in rest.split()[:-1]}
    assert {"gateway", "connectors", "schemas", "pyproject.toml", "README.md", "LICENSE"} <= copied


def test_t28_the_image_installs_by_hash_and_fetches_nothing_else() -> None:
    installs = [shlex.split(rest) for word, rest in DOCKERFILE if word == "RUN" and "pip install" in rest]
    assert all("--no-deps" in words for words in installs)
    assert ["--require-hashes" in words or "--no-build-isolation" in words for words in installs] == [
        True,
        True,
    ]


def test_the_image_runs_a_command_there_is_as_nobody_special() -> None:
    said = dict(DOCKERFILE)
    assert json.loads(said["ENTRYPOINT"]) == ["interdesk"]
    assert refused(json.loads(said["CMD"])) == ""
    assert said["USER"] not in {"root", "0"}
    assert said["STOPSIGNAL"] == "SIGTERM"


def test_the_image_sets_only_what_is_a_setting() -> None:
    environment = dict(pair.split("=", 1) for pair in shlex.split(dict(DOCKERFILE)["ENV"]))
    ours = {name: value for name, value in environment.items() if name.startswith("INTERDESK_")}
    assert set(ours) <= SETTINGS
    assert Settings.model_validate({name[10:].lower(): value for name, value in ours.items()}).port == 8080


def test_the_python_of_the_image_is_one_we_support() -> None:
    bases = {rest.split()[0] for word, rest in DOCKERFILE if word == "FROM"}
    assert bases == {"python:3.11-slim-bookworm"}


# -- Compose --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "name"), SERVICES, ids=lambda value: value if isinstance(value, str) else value.name
)
def test_a_service_runs_a_command_with_settings_there_are(path: Path, name: str) -> None:
    service = our_services(path)[name]
    assert refused(service["command"]) == ""
    assert set(service["environment"]) <= SETTINGS
    assert float(service["environment"]["INTERDESK_STOP_WITHIN"]) < float(
        service["stop_grace_period"].rstrip("s")
    )
    assert (path.parent / service["build"]["context"] / service["build"]["dockerfile"]).is_file()


@pytest.mark.parametrize("path", COMPOSES, ids=of_file)
def test_what_a_service_mounts_or_waits_for_is_declared(path: Path) -> None:
    whole = yaml.safe_load(path.read_text())
    for service in whole["services"].values():
        named = [volume.split(":")[0] for volume in service.get("volumes", ()) if volume[0] not in "./"]
        assert set(named) <= set(whole["volumes"])
        assert set(service.get("depends_on", ())) <= set(whole["services"])
        assert set(service.get("secrets", ())) <= set(whole.get("secrets", ()))


def test_the_cluster_has_two_gateways_and_three_workers() -> None:
    found = our_services(COMPOSE_CLUSTER)
    assert {name: service.get("deploy", {}).get("replicas", 1) for name, service in found.items()} == {
        "migrate": 1,
        "gateway": 2,
        "worker": 3,
    }
    assert services(COMPOSE_CLUSTER)["front"]["environment"]["GATEWAYS"] in found


def test_nothing_is_published_without_a_server_that_speaks_tls() -> None:
    published = {
        name: service.get("ports", []) for path in COMPOSES for name, service in services(path).items()
    }
    assert {name for name, ports in published.items() if ports} == {"interdesk", "front"}
    assert all(port.startswith("127.0.0.1:") for port in published["interdesk"])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "given"),
        ("${A:-other}", "given"),
        ("${B:-other}", "other"),
        ("x${A:?say it}y", "xgiveny"),
        ("plain", "plain"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, value: str) -> None:
    assert filled(text, {"A": "given"}) == value


def test_a_variable_nobody_gives_is_told() -> None:
    with pytest.raises(KeyError):
        filled("${B:?say it}", {"A": "given"})


# -- systemd --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", UNITS, ids=of_file)
def test_a_unit_starts_a_command_with_settings_there_are(path: Path) -> None:
    for arguments in started_by(path):
        assert refused(arguments) == ""
    service = unit(path)["Service"]
    names = {pair.partition("=")[0] for pair in service["Environment"]}
    assert names <= SETTINGS
    assert service["User"] != ["root"]
    assert int(service["TimeoutStopSec"][0]) > Settings.model_fields["stop_within"].default
    waits_for_a_person = {int(code) for code in service["RestartPreventExitStatus"][0].split()}
    assert waits_for_a_person == {Code.USAGE, Code.CONFIG}  # never Code.UNREACHABLE: the database comes back


@pytest.mark.parametrize("path", UNITS, ids=of_file)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_a_unit(path: Path, tmp_path: Path) -> None:
    """Without the program and the user of an installation: those are not here."""
    text = path.read_text().replace("/opt/interdesk/bin/interdesk", "/bin/true")
    text = re.sub(r"^(User|Group)=.*\n", "", text, flags=re.MULTILINE)
    copy = tmp_path / path.name
    copy.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copy],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    complaints = [line for line in done.stderr.splitlines() if path.stem.rstrip("@") in line]
    assert complaints == []


def test_a_unit_file_differs_from_the_other_only_in_what_it_runs() -> None:
    gateway, worker = (unit(path) for path in UNITS)
    for section in (gateway, worker):
        del section["Unit"]["Description"], section["Service"]["ExecStart"]
    assert gateway == worker


# -- settings, alerts, runbook --------------------------------------------------------------------------------------


def test_the_example_of_settings_names_settings_and_their_defaults() -> None:
    lines = re.findall(r"^#(INTERDESK_.*)$", (DEPLOY / "env.example").read_text(), re.MULTILINE)
    given = dict(line.split("=", 1) for line in lines)
    assert set(given) == SETTINGS
    told = Settings.model_validate({name[10:].lower(): value for name, value in given.items() if value})
    assert told == Settings()


def test_the_example_as_it_is_leaves_what_a_unit_sets() -> None:
    """systemd lets the file win over the unit, and the file is where every installation begins."""
    lines = (DEPLOY / "env.example").read_text().splitlines()
    assert [line for line in lines if line.strip() and not line.startswith("#")] == []
    assert "INTERDESK_DATA_DIR=/var/lib/interdesk" in unit(UNITS[0])["Service"]["Environment"]
    assert unit(UNITS[0])["Service"]["StateDirectory"] == ["interdesk"]


def told_by_metrics(tmp_path: Path) -> str:
    """What `/metrics` tells of a new installation."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    migrate.upgrade(database)
    metrics = Metrics()
    metrics.watch(database, utc_now)
    text = metrics.text().decode()
    database.close()
    return text


def exposed(tmp_path: Path) -> set[str]:
    """The names of all that."""
    text = told_by_metrics(tmp_path)
    kinds = dict(re.findall(r"^# TYPE (\S+) (\w+)$", text, re.MULTILINE))
    return {*kinds, *(f"{name}_bucket" for name, kind in kinds.items() if kind == "histogram")}


def test_alerts_and_runbook_speak_of_metrics_there_are(tmp_path: Path) -> None:
    known = exposed(tmp_path)
    for rule in ALERTS:
        assert set(METRIC.findall(rule["expr"])) <= known, rule["alert"]
    named = {name for span in documents.spans(RUNBOOK) for name in METRIC.findall(span)}
    told = {
        name for name in known if name.startswith("interdesk_") and not name.endswith(("_bucket", "_created"))
    }
    assert named == told


def test_alerts_ask_for_labels_and_states_there_are(tmp_path: Path) -> None:
    """A matcher that nothing matches never fires."""
    expressions = " ".join(rule["expr"] for rule in ALERTS)
    asked = re.findall(r"(\binterdesk_\w+)\{state=\"(\w+)\"\}", expressions)
    delivery = {state.value for state in DeliveryState} - {"done", "superseded", "cancelled"}
    states = {"deliveries": delivery, "messages": {"received", "quarantined"}}
    assert len(asked) == expressions.count("state=")
    assert [pair for pair in asked if pair[1] not in states[pair[0].split("_")[1]]] == []
    shown = set(
        re.findall(r"^interdesk_messages\{state=\"(\w+)\"\}", told_by_metrics(tmp_path), re.MULTILINE)
    )
    assert shown == states["messages"]
    assert set(re.findall(r"\{(\w+)=", expressions)) == {"job", "state", "status"}
    assert set(re.findall(r"\bby \((\w+)\)", expressions)) == {"desk", "le"}
    Metrics().hooks.labels(status="503")  # ValueError for a label it does not have


def test_every_alert_leads_to_its_page_of_the_runbook() -> None:
    headings = set(re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE))
    assert [rule["alert"] for rule in ALERTS if rule["annotations"]["runbook"] not in headings] == []
    assert len({rule["alert"] for rule in ALERTS}) == len(ALERTS)


def test_every_option_the_runbook_gives_a_command_exists() -> None:
    asked = [
        shlex.split(span)[1:]
        for span in documents.spans(RUNBOOK)
        if span.startswith("interdesk ") and "…" not in span
    ]
    fenced = [
        shlex.split(line)[1:]
        for block in re.findall(r"^```\n(.*?)^```$", RUNBOOK, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
        if line.startswith("interdesk ")
    ]
    assert len(asked) > 15
    # A file that is named must exist, so any file stands for it; a command may be named without its arguments.
    commands = [
        [word.replace("installation.yaml", str(DEPLOY / "env.example")) for word in words]
        for words in asked + fenced
    ]
    complaints = [why for words in commands if (why := refused(words))]
    assert [why for why in complaints if "Missing parameter" not in why] == []


def test_variables_that_the_runbook_names_are_settings() -> None:
    named = set(re.findall(r"\bINTERDESK_[A-Z_]+", RUNBOOK))
    assert named <= SETTINGS


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("promtool", ["check", "rules", "alerts.yaml"]),
        ("caddy", ["validate", "--adapter", "caddyfile", "--config", "Caddyfile"]),
    ],
    ids=["promtool", "caddy"],
)
def test_its_own_tool_takes_the_file(
    tool: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where somebody has the tool; in any case the tests above have read the file."""
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")
    done = subprocess.run(
        [tool, *arguments], cwd=DEPLOY, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


def test_the_interpreter_of_the_health_checks_is_python() -> None:
    """They run in the image, where `python` is the environment's own; the one-liner is valid for this one too."""
    checks = [
        service["healthcheck"]["test"]
        for path in COMPOSES
        for service in our_services(path).values()
        if "healthcheck" in service
    ]
    assert len(checks) == 2
    for kind, program, flag, code in checks:
        assert (kind, program, flag) == ("CMD", "python", "-c")
        compile(code, "healthcheck", "exec")
        assert sys.version_info >= (3, 11)
