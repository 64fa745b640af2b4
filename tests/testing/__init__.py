"""Tests of what gateway.testing ships."""
