"""Rows of an event log become the life of a ticket."""
