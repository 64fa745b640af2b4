"""A desk's history brought in: rows of an event log, by a mapping, become the hops and events of a ticket. Nothing is guessed:
what the mapping does not name is told by its row, and its case is left out whole."""
