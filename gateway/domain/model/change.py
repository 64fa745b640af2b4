"""Changing a frozen noun: `dataclasses.replace`, six times as fast (it copies, where that one initialises anew; the
nouns have nothing to initialise). A judgement changes a dozen nouns, so it shows."""

from typing import Any, TypeVar

T = TypeVar("T")


def replace(noun: T, /, **changes: Any) -> T:
    """The noun with other values in some fields. Raises TypeError for a field it does not have."""
    kind: Any = type(noun)
    if not changes.keys() <= kind.__dataclass_fields__.keys():
        unknown = ", ".join(sorted(changes.keys() - kind.__dataclass_fields__.keys()))
        raise TypeError(f"{kind.__name__} has no field {unknown}")
    new = object.__new__(kind)
    new.__dict__.update(vars(noun), **changes)
    return new  # type: ignore[no-any-return]
