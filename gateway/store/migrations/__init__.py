"""Alembic's folder: the environment and the revisions. `gateway.store.migrate` runs them."""
