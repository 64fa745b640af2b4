"""Several gateways and workers, each a process of its own, on one PostgreSQL: killed, paused and cut off in mid-work."""
