"""Everything at every door that no honest caller would send. `python -m tests.hostile --inputs 100000 --seed 1`"""
