"""One command from a fresh checkout: `python3 deploy/run.py demo` or `python3 deploy/run.py test`.

Standard library only. It makes (or reuses) a virtual environment, installs the locked and hashed packages when the lock
has changed since the last time, and then starts the real command. Inside an active virtual environment it uses that one.
"""

from __future__ import annotations  # so that an older Python gets as far as the message that it is too old

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
RUN_LOCK = "requirements.lock"
DEV_LOCK = "requirements-dev.lock"
STAMP = "interdesk-installed.json"
REQUIRE_DESKS = "INTERDESK_TEST_REQUIRE_DESKS"

# By the exit code of deploy/install-desks; None where it has nothing to work with.
WHY_NO_DESKS = {
    None: "They are installed from Debian's packages, and this system has none.",
    2: "They cannot be installed here; as root on Debian 12: deploy/install-desks",
}

USAGE = """usage: python3 deploy/run.py COMMAND [arguments]

  demo [arguments of `interdesk demo`]   play a day across four desks and tell the story of each ticket
  test [arguments of pytest]             check style, types and imports, then run the tests
"""

# (what a person calls it, module arguments of the environment's Python)
STATIC_CHECKS = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("mypy", ("-m", "mypy")),
    (
        "import contracts",
        ("-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"),
    ),
)
# Reads every test once and keeps what it compiled, so that no worker has to do it again; what is wrong the tests will tell.
READ_TESTS = ("-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider")
# Five workers, whatever the machine: three wait for real desks most of the time (tests/conftest.py), and two compute.
PYTEST = ("-m", "pytest", "-n", "5", "--dist", "loadgroup")


def main(arguments: list[str]) -> int:
    """Run one command; answers the exit code. `demo` replaces this process."""
    if sys.version_info < OLDEST_PYTHON:
        return _refuse(f"Interdesk needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}.")
    if os.name != "posix":
        return _refuse("Interdesk runs on Linux and macOS; on Windows use WSL.")
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    os.chdir(CHECKOUT)
    if command == "demo":
        return demo(rest)
    if command == "test":
        return test(rest)
    sys.stderr.write(USAGE)
    return 0 if command in {"-h", "--help"} else 2


def demo(arguments: list[str]) -> int:
    """Install what runs, then become `interdesk demo`; comes back only when it could not be installed."""
    python = environment(RUN_LOCK)
    if python is not None:
        os.execv(python.parent / "interdesk", ["interdesk", "demo", *arguments])
    return 1


def test(arguments: list[str]) -> int:
    """Install what tests, provide the real desks, check, test. The test runner's closing line comes last."""
    python = environment(DEV_LOCK)
    if python is None:
        return 1
    variables = {**os.environ, **provide_desks()}
    # Many tests start a Python of their own, and one that may not keep what it compiles takes three times as long to start.
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    warming = () if any(Path(word.partition("::")[0]).exists() for word in arguments) else (READ_TESTS,)
    failed = check(python, variables, beside=warming)
    if failed:
        _say("FAILED before the tests: " + ", ".join(failed))
    code = _step("tests", python, (*PYTEST, *arguments), variables)
    if failed:
        _say("The tests have run, but these checks FAILED: " + ", ".join(failed))
    return code or bool(failed)


def check(python: Path, variables: dict[str, str], *, beside: Sequence[tuple[str, ...]] = ()) -> list[str]:
    """Run the static checks side by side, and with them what is to be ready afterwards, which has no say. What a check says
    is shown in one piece, in their order. Answers the names of those that failed."""
    _say("style, types and imports, side by side")
    failed = []
    with contextlib.ExitStack() as stack:
        started = [
            (name, stack.enter_context(_start(python, words, variables)))
            for name, words in (*STATIC_CHECKS, *(("", words) for words in beside))
        ]
        for name, process in started:
            said, _ = process.communicate()
            if name:
                _say(name)
                sys.stdout.write(said.decode(errors="replace"))
                failed += [name] if process.returncode else []
    return failed


def _start(python: Path, arguments: tuple[str, ...], variables: dict[str, str]) -> subprocess.Popen[bytes]:
    out = subprocess.PIPE
    return subprocess.Popen([python, *arguments], env=variables, stdout=out, stderr=subprocess.STDOUT)


def environment(lock: str) -> Path | None:
    """The Python of an environment that holds everything in `lock` and this checkout; None when it cannot be made."""
    inside = sys.prefix != sys.base_prefix
    home = Path(sys.prefix) if inside else CHECKOUT / ".venv"
    python = home / "bin" / "python"
    if not _starts(python) and not _create(home):
        return None
    wanted, stamp = _fingerprints(), home / STAMP
    if _installed(stamp).get(lock) == wanted[lock]:
        return python
    _say(f"Installing what {lock} pins into {home} (once; about a minute)")
    if not _install(python, lock):
        return None
    # What tests is pinned on top of what runs, so installing the larger lock satisfies the smaller one.
    satisfied = (RUN_LOCK, DEV_LOCK) if lock == DEV_LOCK else (RUN_LOCK,)
    stamp.write_text(json.dumps({name: wanted[name] for name in satisfied}))
    return python


def provide_desks() -> dict[str, str]:
    """Install the real service desks where that is possible; answers the variables the tests need to know of it.

    Where they are in place, and always in CI, a desk test that is skipped counts as failed.
    """
    installer, code = CHECKOUT / "deploy" / "install-desks", None
    if shutil.which("apt-get") and installer.exists():
        _say("Real service desks: Request Tracker, Redmine, Roundup")
        code = subprocess.run([installer], check=False).returncode
    if code == 0 or os.environ.get("CI"):
        return {REQUIRE_DESKS: "1"}
    _say(
        "THE TESTS OF REAL SERVICE DESKS WILL BE SKIPPED. "
        + WHY_NO_DESKS.get(code, "deploy/install-desks failed.")
    )
    return {}


def _create(home: Path) -> bool:
    """Make the virtual environment; a half-made or moved one is made anew."""
    _say(f"Creating a virtual environment in {home}")
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=False)
    if made.returncode:
        _refuse("Could not create it. On Debian and Ubuntu: apt-get install python3-venv")
    return made.returncode == 0


def _starts(python: Path) -> bool:
    """True for a Python that runs and has pip; an interrupted `venv` leaves one without."""
    return python.exists() and subprocess.run([python, "-c", "import pip"], check=False).returncode == 0


def _install(python: Path, lock: str) -> bool:
    """Packages by hash, then this checkout in editable form with the (locked) build backend of the same environment."""
    pip: list[str | Path] = [
        python,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--no-input",
        "install",
        "--quiet",
    ]
    packages = [*pip, "--no-deps", "--require-hashes", "--requirement", lock]
    checkout = [*pip, "--no-deps", "--no-build-isolation", "--editable", "."]
    if all(subprocess.run(step, check=False).returncode == 0 for step in (packages, checkout)):
        return True
    _refuse("Installing failed; the lines above say why. Nothing else was changed; run the command again.")
    return False


def _installed(stamp: Path) -> dict[str, str]:
    """What the stamp says; an absent or damaged stamp means: install again."""
    try:
        said = json.loads(stamp.read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def _fingerprints() -> dict[str, str]:
    """Per lock: a digest of it, of the project's own metadata, and of where the checkout stands."""
    project = (CHECKOUT / "pyproject.toml").read_bytes() + str(CHECKOUT).encode()
    return {
        name: hashlib.sha256((CHECKOUT / name).read_bytes() + project).hexdigest()
        for name in (RUN_LOCK, DEV_LOCK)
    }


def _step(name: str, python: Path, arguments: tuple[str, ...], variables: dict[str, str]) -> int:
    _say(name)
    return subprocess.run([python, *arguments], env=variables, check=False).returncode


def _say(text: str) -> None:
    print(f"==> {text}", flush=True)


def _refuse(text: str) -> int:
    sys.stderr.write(text + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
