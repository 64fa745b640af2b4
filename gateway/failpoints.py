"""Named steps at which a crash must do no harm. Product code: tests and the simulator arm them, production never does.

`INTERDESK_FAILPOINT=name` or `name:nth` in the environment makes the process kill itself, as `kill -9` would, when
it reaches that step (for the nth time).
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from gateway.errors import ConfigError

VARIABLE = "INTERDESK_FAILPOINT"

STEPS: tuple[str, ...] = (
    # a message comes in, and becomes events
    "message.received",
    "message.committed",
    "process.read",
    "process.before_commit",
    "process.committed",
    # a ticket is looked at, a desk is polled
    "look.claimed",
    "look.fetched",
    "look.before_commit",
    "look.committed",
    "poll.fetched",
    "poll.before_commit",
    "poll.committed",
    # a delivery is claimed with its intent on disk, and settled
    "claim.before_commit",
    "claim.committed",
    "file.kept",
    "doubt.claimed",
    "settle.before",
    "settle.before_commit",
    "settle.committed",
    # what falls due by itself
    "sweep.before_commit",
    "sweep.committed",
    # a push at the wire: nothing left yet, the write's bytes left, the write's whole answer is here
    "send.before",
    "send.after",
    "answer.received",
)

Hook = Callable[[str], None]

_hook: Hook | None = None


def step(name: str) -> None:
    """Pass a named step. Costs one comparison unless something is armed."""
    if _hook is not None:
        _hook(name)


def armed() -> bool:
    """Whether anything listens; lets the wire hand bytes to the kernel before it passes a step that says they left."""
    return _hook is not None


@contextmanager
def installed(hook: Hook) -> Iterator[None]:
    """Call `hook(name)` at every step within the block; it may raise what the simulator calls a crash."""
    global _hook  # noqa: PLW0603  # one registry per process is the point
    former, _hook = _hook, hook
    try:
        yield
    finally:
        _hook = former


def killer(setting: str) -> Hook:
    """The hook for `name[:nth]`. Raises ConfigError for a name that is not in STEPS or an nth below 1."""
    name, _, nth = setting.partition(":")
    if name not in STEPS or not (nth or "1").isdecimal() or int(nth or "1") < 1:
        raise ConfigError(f"{VARIABLE}={setting} names no step", cure=f"use one of: {', '.join(STEPS)}")
    left = int(nth or "1")

    def kill(passed: str) -> None:
        nonlocal left
        left -= passed == name
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return kill


def arm(environment: Mapping[str, str]) -> None:
    """Arm what the environment asks for; nothing if it asks for nothing."""
    global _hook  # noqa: PLW0603
    if setting := environment.get(VARIABLE):
        _hook = killer(setting)


arm(os.environ)
