"""Templates of pages, for people and for paper: what is not said fails, and every text is escaped."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def environment(folder: Path) -> Environment:
    """The templates of a folder. `pc` writes a number as per cent of something, without needless noughts."""
    made = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["pc"] = lambda share: f"{share:.3f}".rstrip("0").rstrip(".") + "%"
    return made
