"""Figures, printed and never asserted: how fast, beside what, in the same run."""
