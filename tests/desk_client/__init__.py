"""Tests of the wire, with the production transport against the fault desk wherever bytes matter."""
