"""check(name, document) against schemas/*.json: the one place where JSON Schema is applied. What the documents mean
is read elsewhere (`gateway.domain.documents`).

Our own documents are judged by python-jsonschema, whose errors can be put into words; whatever brings its own schema
(a connector's settings) or is read in bulk goes through jsonschema-rs, whose regular expressions run in linear time.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import jsonschema_rs
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from gateway.domain.documents import length
from gateway.errors import ConfigError, Invalid
from gateway.schema_words import place, problem_of

MOST_PROBLEMS = 20
"""More than these help nobody; the rest is only counted."""

_HERE = Path(__file__).resolve().parent
_FOLDERS = (_HERE / "_schemas", _HERE.parent / "schemas")
"""In a wheel the schemas lie in the package, in a checkout one level above it."""


def folder() -> Path:
    """Where the schemas are. Raises ConfigError if the installation has none."""
    for candidate in _FOLDERS:
        if candidate.is_dir():
            return candidate
    raise ConfigError("the JSON Schemas are missing from this installation", cure="install interdesk again")


def names() -> tuple[str, ...]:
    """Every schema with its version: `manifest.v1`. The description of the API (`openapi.v1`) is none."""
    found = (path.name.removesuffix(".json") for path in folder().glob("*.v*.json"))
    return tuple(sorted(name for name in found if not name.startswith("openapi.")))


@cache
def schema(name: str) -> Mapping[str, Any]:
    """The schema of that name; without a version (`manifest`) the newest. Raises ConfigError if there is none."""
    document: Mapping[str, Any] = json.loads(
        (folder() / f"{_versioned(name)}.json").read_text(encoding="utf-8")
    )
    return document


def _versioned(name: str) -> str:
    found = [known for known in names() if name in (known, known.rpartition(".v")[0])]
    if not found:
        raise ConfigError(f"there is no schema {name!r}", cure=f"known: {', '.join(names())}")
    return max(found, key=lambda known: int(known.rpartition(".v")[2]))


def check(name: str, document: object) -> None:
    """Raise Invalid unless the document keeps the schema; `problems` name path, what is wrong, what would be right."""
    failures = sorted(
        _validator(name).iter_errors(document), key=lambda failure: [str(p) for p in failure.path]
    )
    if failures:
        nearest = [
            best_match([failure]) or failure for failure in failures
        ]  # of alternatives the one that came nearest
        raise Invalid(f"not a valid {name}", problems=_listed([problem_of(failure) for failure in nearest]))


@cache
def _validator(name: str) -> Draft202012Validator:
    own = schema(name)
    Draft202012Validator.check_schema(own)
    return Draft202012Validator(own, registry=_all_schemas(), format_checker=_FORMATS)


@cache
def _all_schemas() -> Registry[Any]:
    """Every schema under its `$id`, so that one may refer to another; nothing is ever fetched."""
    resources = [DRAFT202012.create_resource(schema(name)) for name in names()]
    return Registry().with_resources([(str(resource.id()), resource) for resource in resources])


def check_foreign(own_schema: Mapping[str, Any], document: object, *, what: str = "document") -> None:
    """The same for a schema that is not ours (a connector's settings). Raises Invalid for a bad schema too."""
    try:
        validator = _foreign_validator(json.dumps(own_schema, sort_keys=True))
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise Invalid(f"the schema of {what} is not usable", why=str(error).split("\n", 1)[0]) from error
    problems = [
        f"{place(failure.instance_path)}: {failure.message}" for failure in validator.iter_errors(document)
    ]
    if problems:
        raise Invalid(f"not a valid {what}", problems=_listed(problems))


@cache
def _foreign_validator(text: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        json.loads(text), validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def _listed(problems: list[str]) -> tuple[str, ...]:
    known = list(dict.fromkeys(problems))
    more = len(known) - MOST_PROBLEMS
    return (*known[:MOST_PROBLEMS], *([f"… and {more} more"] if more > 0 else []))


def _aware_moment(text: str) -> bool:
    return datetime.fromisoformat(text).tzinfo is not None


def _address(text: str) -> bool:
    return bool(urlsplit(text).scheme)


_JUDGES: Mapping[str, Callable[[str], object]] = {
    "date-time": _aware_moment,
    "date": date.fromisoformat,
    "uri": _address,
    "regex": re.compile,
    "length": length,
    "time-zone": ZoneInfo,
}
"""The formats our schemas use. A judge answers False, or raises ValueError (KeyError or OSError: no such zone), for a bad text."""


def _keeps(judge: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or judge(value) is not False


def _formats() -> FormatChecker:
    formats = FormatChecker(formats=())
    for name, judge in _JUDGES.items():
        formats.checks(name, raises=(ValueError, KeyError, OSError, re.error))(_keeps(judge))
    return formats


_FORMATS = _formats()
