"""Which organizations and desks the words of a file mean: those there are, those the mapping lets be made, and what fits neither."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.domain.importing.mapping import ImportMapping, Organizations, code_from
from gateway.domain.importing.story import Party
from gateway.domain.problem import suggestion
from gateway.errors import Invalid, NotFound


@dataclass(kw_only=True)
class Names:
    """Codes of organizations by the words of the file. `made`: code → name of those that are not there yet."""

    parties: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)


def name_all(
    mapping: ImportMapping,
    values: tuple[Iterable[str], Iterable[str]],
    known: Iterable[str],
    *,
    customer: str = "",
) -> Names:
    """The organizations behind the `values` of parties and of customers. `known`: the codes there are; `customer`: the one
    that somebody named, for all tickets. Raises Invalid with every problem; NotFound for a customer that is not there."""
    there = frozenset(known)
    if customer and customer not in there:
        raise NotFound(f"there is no organization {customer!r}", cure=suggestion(customer, there))
    names, problems = Names(), list[str]()
    parties, customers = values
    _name(mapping.organizations, parties, names.parties, problems)
    one = customer or mapping.customer
    if one:
        names.customers = dict.fromkeys(("", *customers), one)
    elif mapping.customers is not None:
        _name(mapping.customers, (value for value in customers if value), names.customers, problems)
    for codes, rule in (
        (names.parties, mapping.organizations),
        (names.customers, mapping.customers or mapping.organizations),
    ):
        for value, code in codes.items():
            if code in there or code in names.made:
                continue
            if rule.create:
                names.made[code] = value if code_from(value) == code else ""
            else:
                problems.append(
                    f"there is no organization {code!r} (for {value!r}); {suggestion(code, there)}"
                )
    if problems:
        cure = "apply them first, or say parties.organizations.create"
        raise Invalid(
            "the organizations of the file cannot be told", problems=tuple(dict.fromkeys(problems)), cure=cure
        )
    return names


def _name(rule: Organizations, values: Iterable[str], found: dict[str, str], problems: list[str]) -> None:
    """The code of each value; two values that come to one code without the table saying so are a problem."""
    spelled: dict[str, str] = {}
    for value in sorted(set(values)):
        code = rule.code_of(value)
        if code is None:
            problems.append(f"{value!r} has no organization; add it to the table")
            continue
        before = spelled.setdefault(code, value) if value not in rule.table else value
        if before != value:
            problems.append(f"{before!r} and {value!r} both come to {code!r}; tell them apart in the table")
        found[value] = code


def desk_code(source: str, organization: str, native: str, taken: Container[str]) -> str:
    """`old-desk:north/second-line`: no configured desk can have such a code."""
    code = f"{source}:{organization}/{code_from(native) or 'desk'}"
    number = 2
    free = code
    while free in taken:
        free, number = f"{code}-{number}", number + 1
    return free


def lacking_desks(parties: Iterable[Party], known: Mapping[Party, str]) -> list[Party]:
    """Desks that nobody knows yet, in their order."""
    return sorted(set(parties) - known.keys())
