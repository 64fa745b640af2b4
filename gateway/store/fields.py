"""Columns of SQLModel tables in one word each: a moment, a document, words."""

from typing import Any

from sqlalchemy import Text
from sqlmodel import Field

from gateway.store.columns import Document, Length, Moment


def moment(*, nullable: bool = True) -> Any:
    """An aware datetime."""
    return Field(default=None, sa_type=Moment, nullable=nullable)


def length(*, nullable: bool = True) -> Any:
    """A length of time."""
    return Field(default=None, sa_type=Length, nullable=nullable)


def document() -> Any:
    """A JSON document, or nothing."""
    return Field(default=None, sa_type=Document, nullable=True)


def words(default: str = "") -> Any:
    """Text of any length."""
    return Field(default=default, sa_type=Text, nullable=False)
