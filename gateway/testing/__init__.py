"""Shipped with the product, used by tests and by authors of connectors: the contract suite, fixtures, a desk of our own
with habits and faults. Nothing here is needed at run time, and nothing here imports pytest."""
