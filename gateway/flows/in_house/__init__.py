"""Desks that live in this gateway, as their connectors ask them; each face (people, programs) has a package of its own."""
