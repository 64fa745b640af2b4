"""Configuration files: YAML with CSV beside it, read with limits and judged by JSON Schema. What becomes of the things
they describe is `gateway.flows.apply`."""
