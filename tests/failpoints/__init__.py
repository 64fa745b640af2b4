"""Real processes killed at every named step. `python -m tests.failpoints` runs the full matrix."""
