"""The store remembers: the only SQL. Rows never leave this folder; functions take a connection and a Scope, never commit."""
