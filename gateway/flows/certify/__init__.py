"""Certifying a link: `playing` plays its situations with `hands` at the desks, `protocol` writes down and signs what came of it."""
