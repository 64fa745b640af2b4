"""`python -m tests.desks.dated serve`: the command people use, with the time that a file tells. Nothing else differs;
what waits by the machine's monotonic clock goes on."""

import os
from datetime import datetime
from pathlib import Path

VARIABLE = "DATED_CLOCK"


def tell(path: Path, moment: datetime) -> None:
    """It is that time now for whoever reads the file."""
    fresh = path.with_suffix(".new")
    fresh.write_text(moment.isoformat())
    fresh.replace(path)


def told() -> datetime:
    """What the file says."""
    return datetime.fromisoformat(Path(os.environ[VARIABLE]).read_text())


if __name__ == "__main__":
    from gateway import app

    app.utc_now = told  # before the doors take it by its name
    from gateway.cli import main

    main()
