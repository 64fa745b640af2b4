"""One file for each thing that happens. Flows put things in order and own transactions and the current time."""
