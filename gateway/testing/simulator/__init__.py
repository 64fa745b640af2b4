"""The seeded simulator: one seed is one history of an installation, its people, its faults and its crashes, played on the
real domain, flows and store, and judged by what the desks hold in the end."""
