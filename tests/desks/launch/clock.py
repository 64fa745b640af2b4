"""A desk's own clock, which a test sets: wrong by so much, and standing still until it is set again.

libfaketime gives it to Perl and Python programs. Under it Redmine needs a minute to come up and seconds for an answer (seen
with 0.9.10, whatever it caches), so Ruby reads the same file by a few lines of its own (clock.rb).
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

RUBY = Path(__file__).with_name("clock.rb")
VARIABLE = "DESK_CLOCK"


def _library() -> Path | None:
    """Debian keeps it in a folder named for the machine's kind."""
    return next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)


def missing() -> str | None:
    """Why no desk's clock can be set here, or None."""
    return None if _library() is not None else "libfaketime is not installed"


class DeskClock:
    """Shows the moment it was last set to, plus `ahead`. `path` must be readable by nobody, as whom Roundup runs."""

    def __init__(self, path: Path, *, ahead: timedelta) -> None:
        self._path = path
        self._ahead = ahead

    def set(self, moment: datetime) -> None:
        """From now on the desk's programs read this time, off by what the desk is wrong."""
        shown = (moment + self._ahead).astimezone(UTC)
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{shown:%Y-%m-%d %H:%M:%S}\n")
        fresh.chmod(0o644)
        fresh.replace(self._path)

    @property
    def preloaded(self) -> Mapping[str, str]:
        """The environment of a Perl or Python program."""
        return {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
            "TZ": "UTC",
        }

    @property
    def required(self) -> Mapping[str, str]:
        """The environment of a Ruby program."""
        return {"RUBYOPT": f"-W0 -r{RUBY}", VARIABLE: str(self._path), "TZ": "UTC"}
