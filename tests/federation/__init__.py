"""Two gateways that federate over TMF621."""
