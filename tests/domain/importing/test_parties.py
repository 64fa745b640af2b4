"""Which organizations the words of a file mean, and what their desks are called."""

import pytest

from gateway.domain.importing.mapping import Organizations, mapping_from
from gateway.domain.importing.parties import desk_code, lacking_desks, name_all
from gateway.errors import Invalid, NotFound
from tests.domain.importing.test_mapping import DOCUMENT


def test_those_there_are_and_those_that_are_made() -> None:
    names = name_all(
        mapping_from({**DOCUMENT, "customer": "acme"}), (["North", "Old South"], [""]), ["north"]
    )
    assert names.parties == {"North": "north", "Old South": "old-south"}
    assert names.customers == {"": "acme"}
    assert names.made == {"old-south": "Old South", "acme": ""}


def test_the_customer_that_somebody_names_is_there() -> None:
    mapping = mapping_from({**DOCUMENT, "customer": "acme"})
    assert name_all(mapping, ([], []), ["north"], customer="north").customers == {"": "north"}
    with pytest.raises(NotFound, match="did you mean 'north'"):
        name_all(mapping, ([], []), ["north"], customer="nort")


def test_every_problem_is_told_at_once() -> None:
    parties = {"organizations": {"table": {"North": "north", "South": "south"}}}
    mapping = mapping_from({**DOCUMENT, "parties": parties, "customer": {"table": {"Acme": "acme"}}})
    with pytest.raises(Invalid) as raised:
        name_all(mapping, (["North", "South"], ["Acme"]), ["north"])
    assert len(raised.value.problems) == 2
    assert "'south' (for 'South')" in str(raised.value)
    assert "'acme' (for 'Acme')" in str(raised.value)


def test_two_values_of_one_code_are_told_unless_the_table_says_so() -> None:
    with pytest.raises(Invalid, match="'North!' and 'north' both come to 'north'"):
        name_all(mapping_from(DOCUMENT), (["north", "North!"], []), [])
    table = {"organizations": {"create": True, "table": {"North!": "north", "north": "north"}}}
    assert name_all(mapping_from({**DOCUMENT, "parties": table}), (["north", "North!"], []), []).made
    assert Organizations(create=True).code_of("!") is None


def test_desks_have_codes_that_no_configured_desk_has() -> None:
    taken = {"old:north/line-1"}
    assert desk_code("old", "north", "Line 2", taken) == "old:north/line-2"
    assert desk_code("old", "north", "Line-1", taken) == "old:north/line-1-2"
    assert desk_code("old", "north", "", taken) == "old:north/desk"
    assert lacking_desks([("b", ""), ("a", ""), ("b", "")], {("a", ""): "x"}) == [("b", "")]
