"""Tests of the product, laid out as `gateway/` and `connectors/` are. Shared fixtures stand in conftest.py."""
