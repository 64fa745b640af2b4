"""The rules of a link, which each side owns: what they are, what is wrong with them, and what they make of a value. Kept
declarative: every rule ends, its size is bounded, and no rule sees what another one made."""
