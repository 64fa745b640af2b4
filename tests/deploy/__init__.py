"""Tests of what stands in deploy/: the commands that start from a bare checkout."""
