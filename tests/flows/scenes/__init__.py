"""Scenes: people at desks, a gateway between them, and what stands at the desks afterwards."""
