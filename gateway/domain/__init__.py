"""The domain judges: pure functions over frozen nouns, standard library only, no clock, no network, no database."""
