"""Named steps: all declared, all passed somewhere, deadly only when armed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from gateway import failpoints
from gateway.errors import ConfigError
from gateway.failpoints import STEPS, VARIABLE, arm, armed, installed, killer, step

GATEWAY = Path(failpoints.__file__).parent


def passed_in_the_source() -> dict[str, str]:
    """Every literal `step("…")` of the product and the file it stands in."""
    found = {}
    for path in GATEWAY.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                if name == "step" and node.args and isinstance(node.args[0], ast.Constant):
                    found[str(node.args[0].value)] = path.name
    return found


def test_every_declared_step_is_passed_and_every_passed_step_declared() -> None:
    assert set(passed_in_the_source()) == set(STEPS)
    assert len(set(STEPS)) == len(STEPS)


def test_nothing_happens_unarmed() -> None:
    assert not armed()
    step("send.before")


def test_an_installed_hook_hears_every_step_and_no_longer() -> None:
    heard: list[str] = []
    with installed(heard.append):
        assert armed()
        step("send.before")
        with installed(lambda name: heard.append(name.upper())):
            step("send.after")
        step("answer.received")
    step("send.before")
    assert heard == ["send.before", "SEND.AFTER", "answer.received"]


def test_a_hook_may_raise_a_crash_and_is_removed_all_the_same() -> None:
    class Crash(BaseException):
        pass

    def crash(_: str) -> None:
        raise Crash

    with pytest.raises(Crash), installed(crash):
        step("send.before")
    assert not armed()


def test_an_empty_environment_arms_nothing() -> None:
    arm({})
    arm({VARIABLE: ""})
    assert not armed()


@pytest.mark.parametrize("setting", ["nowhere", "send.before:0", "send.before:x", "send.before:-1", ":1"])
def test_a_setting_that_names_no_step_is_refused(setting: str) -> None:
    with pytest.raises(ConfigError, match=r"send\.before"):
        killer(setting)


KILLED = {
    "the first time": ("send.after", 1),
    "the third time": ("send.after:3", 3),
}


@pytest.mark.parametrize(("setting", "times"), KILLED.values(), ids=KILLED.keys())
def test_the_environment_kills_the_process_at_the_step(setting: str, times: int) -> None:
    script = (
        "from gateway.failpoints import step\n"
        "for n in range(1, 9):\n"
        "    step('send.before'); print(n, flush=True); step('send.after')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={VARIABLE: setting},
        cwd=GATEWAY.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert done.stdout.split() == [str(n) for n in range(1, times + 1)]
