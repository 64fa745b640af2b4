"""The state of the machine that a run was made on: without it no figure means anything."""

import importlib.util
import os
import platform
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.postgres import BINARIES, WHEEL


def state() -> dict[str, Any]:
    """CPUs, load, versions, date."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cpus": os.cpu_count(),
        "processor": _processor(),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "pace": _pace(),
        "system": platform.system(),
        "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version,
        "postgres": _postgres(),
    }


def _pace() -> str:
    """How fast it is at the moment: plain Python on one CPU, and 4 KB synced to its disk."""
    begun, added = time.process_time(), 0
    for number in range(2_000_000):
        added += number
    million = 2 / (time.process_time() - begun)
    with tempfile.TemporaryFile() as file:
        begun = time.perf_counter()
        for _ in range(200):
            file.write(bytes(4096))
            file.flush()
            os.fdatasync(file.fileno())
    return f"{million:.0f} million additions and {200 / (time.perf_counter() - begun):,.0f} synced writes a second"


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found.group(1) if found else platform.machine()


def _postgres() -> str:
    wheel = importlib.util.find_spec(WHEEL)
    if wheel is None or not wheel.submodule_search_locations:
        return "none"
    binary = Path(wheel.submodule_search_locations[0]) / BINARIES / "postgres"
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"[\d.]+", told)
    return found.group() if found else "unknown"
