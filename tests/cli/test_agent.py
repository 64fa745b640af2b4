"""`interdesk agent`: what is wrong with its file is said before anything leaves."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.cli.terminal import Code

FILE = """
gateway: http://127.0.0.1:9
key: {env: AGENT_KEY}
desks:
  - code: south
    connector: loopback
    base_url: http://127.0.0.1:9
    credentials: {kind: header, secret: {env: AGENT_SECRET}}
"""


def run(tmp_path: Path, text: str, **environment: str) -> tuple[int, str]:
    file = tmp_path / "agent.yaml"
    file.write_text(text, encoding="utf-8")
    env = {"AGENT_KEY": "fgw_live_x", "AGENT_SECRET": "s3cret-token", **environment}
    done = CliRunner().invoke(app, ["agent", str(file)], env=env)
    assert "s3cret-token" not in done.output
    return done.exit_code, done.output


TWICE = FILE + FILE.partition("desks:\n")[2]
MISTAKES = {
    "a gateway that others could listen to": (
        FILE.replace("127.0.0.1:9", "gateway.example", 1),
        "is not private",
    ),
    "no secret": (FILE.replace("AGENT_SECRET", "NOT_SET"), "NOT_SET"),
    "a desk twice": (TWICE, "names the desk 'south' twice"),
    "no connector of that name": (FILE.replace("loopback", "nosuch"), "nosuch"),
    "a network that is none": (FILE + "allowed_networks: [everywhere]\n", "allowed networks"),
    "no desks": (FILE.partition("desks:")[0], "desks"),
    "two documents": (FILE + "---" + FILE, "one document"),
    "no mapping": ("- x\n", "write a mapping"),
}


@pytest.mark.parametrize(("text", "told"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_file_with_a_mistake(tmp_path: Path, text: str, told: str) -> None:
    code, said = run(tmp_path, text)
    assert code == Code.CONFIG, said
    assert told in said


def test_no_file() -> None:
    done = CliRunner().invoke(app, ["agent", "/nowhere/agent.yaml"])
    assert done.exit_code == Code.CONFIG
    assert "cannot be read" in done.stderr
