"""People who act by words are told how they were understood: once for each act, and never for what we did ourselves."""

from dataclasses import replace
from typing import cast

import pytest

from gateway.domain.model import Desk
from tests.flows.scenes.stage import Stage


def stage(language: str = "en") -> Stage:
    """The vendor's people act by words."""
    found = Stage("customer>vendor")
    desks = cast("dict[str, Desk]", found.hub.context.directory_now.desks)
    own = desks["dsk_vendor"]
    able = replace(own.capabilities, acknowledges=True)
    desks["dsk_vendor"] = replace(own, capabilities=able, language=language)
    found.open()
    return found


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Understood: work has begun."),
        ("ru", "Понято: работа начата."),
        ("it", "Ricevuto: lavoro iniziato."),
    ],
)
def test_an_act_is_acknowledged_in_the_reader_s_language(language: str, words: str) -> None:
    found = stage(language)
    assert found.read("vendor") == []

    found.set("vendor", "status", "open")

    assert found.read("vendor") == [words]


def test_what_we_moved_ourselves_and_at_other_desks_is_not() -> None:
    found = stage()
    found.set("vendor", "status", "open")
    found.set("vendor", "status", "solved")
    found.set("customer", "status", "closed")

    understood = [text for text in found.read("vendor") if text.startswith("Understood")]
    assert understood == ["Understood: work has begun.", "Understood: done."]
    assert not [text for text in found.read("customer") if text.startswith("Understood")]
