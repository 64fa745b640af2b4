"""What schemas/README.md shows and says is true: its example can be applied, its tables are the columns we read."""

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import schemas
from gateway.domain.conditions import OPERATORS
from gateway.domain.plan import Plan
from gateway.flows.apply import apply
from gateway.flows.context import Context
from gateway.flows.proposal import Terms
from gateway.installation.csv_text import TABLES
from gateway.installation.reading import SECTIONS, read
from gateway.registry import Registry
from gateway.store.db import Database
from gateway.vault import new_entry, ring
from tests.migrated import bring_up

README = (schemas.folder() / "README.md").read_text(encoding="utf-8")


def applied(folder: Path) -> Plan:
    """What applying the files of a folder to a new installation did."""
    database, numbers = Database("sqlite://"), itertools.count()
    bring_up(database)
    context = Context(
        database=database,
        registry=Registry(),
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
        jitter=lambda: 0.0,
    )
    terms, now = Terms(vault=ring(new_entry("k1"))), datetime(2026, 3, 2, tzinfo=UTC)
    done = apply(context, read(folder), terms, actor="maria", now=now)
    database.close()
    return done


def test_the_contracts_of_the_guide_can_be_applied(tmp_path: Path) -> None:
    guide = (schemas.folder() / "contracts.md").read_text(encoding="utf-8")
    [contracts] = re.findall(r"^```yaml\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    (tmp_path / "contracts.yaml").write_text(contracts, encoding="utf-8")
    done = applied(tmp_path)
    assert done.count()["create"] == 3 + 2 + 3 + 2
    assert done.warnings == ()


def test_the_guide_names_every_word_of_an_agreement() -> None:
    guide = (schemas.folder() / "contracts.md").read_text(encoding="utf-8")
    table = guide.split("## Everything an agreement may say", 1)[1]
    agreement = schemas.schema("agreement")
    target = agreement["$defs"]["target"]["properties"].keys() - {"critical", "high", "medium", "low"}
    who = {
        "code",
        "organization",
        "consumer",
        "kind",
        "link",
        "services",
        "sites",
        "groups",
        "parts_supplier",
    }
    words = (agreement["properties"].keys() | target) - who - {"valid_from", "valid_until"}
    assert sorted(word for word in words if f"`{word}`" not in table) == []


def test_the_examples_can_be_applied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example, contracts, *_ = re.findall(r"^```yaml\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (tmp_path / "federation.yaml").write_text(example, encoding="utf-8")
    (tmp_path / "contracts.yaml").write_text(contracts, encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "north-api-key").write_text("a key\n")
    monkeypatch.setenv("ACME_RT_TOKEN", "1-23-token")
    monkeypatch.setenv("ACME_RT_HOOK_SECRET", "s" * 32)

    done = applied(tmp_path)

    assert done.count()["create"] == 9 + 5
    [warning] = done.warnings
    assert warning.startswith(
        "agreement acme-vendor cannot be kept: its critical resolution stands on vendor-north"
    )


def rows_of(heading: str) -> dict[str, str]:
    part = README.split(heading, 1)[1]
    return dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", part, re.MULTILINE))


def test_every_section_is_described() -> None:
    assert list(rows_of("## A file"))[: len(SECTIONS)] == list(SECTIONS)


def test_the_columns_of_tables_are_those_we_read() -> None:
    told = {section: cell.split("`")[1].split() for section, cell in rows_of("## Tables").items()}

    assert told == {section: list(table.columns) for section, table in TABLES.items()}


def test_every_operator_is_named() -> None:
    (line,) = re.findall(r"with `op` one of (.*?); joined", README, re.DOTALL)

    assert set(re.findall(r"`(\w+)`", line)) == OPERATORS
