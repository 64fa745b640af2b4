"""Asking the doors at random what their descriptions allow, and what they do not."""
