"""The product broken on purpose, one rule at a time: the simulator's checker must notice. `python -m tests.mutants`."""
