"""JSON doors: hooks, health, metrics and the reading interface. A door reads a request, calls one flow, renders the answer."""
