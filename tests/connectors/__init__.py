"""Tests of the connectors, by desk product."""
