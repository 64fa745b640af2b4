"""What a process and its children use: CPU seconds and memory, read from /proc."""

import os
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except FileNotFoundError:
            continue  # a thread that ended meanwhile
        for child in children:
            found += tree(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its live children."""
    total = 0.0
    for one in tree(pid):
        try:
            told = Path(f"/proc/{one}/stat").read_text()
        except FileNotFoundError:
            continue  # ended meanwhile; what it used is its parent's by now
        fields = told.rpartition(")")[2].split()
        total += sum(int(ticks) for ticks in fields[11:15]) / _TICK
    return total


def megabytes(pid: int) -> float:
    """Proportional set size of a process and its children: shared pages count by their share."""
    total = 0
    for one in tree(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
