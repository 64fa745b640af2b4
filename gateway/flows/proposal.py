"""What configuration files propose, held against the store: completed, judged, compared. Nothing is written here."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gateway.domain import consistency, retention
from gateway.domain import plan as planning
from gateway.domain.consistency import World
from gateway.domain.model import Manifest
from gateway.domain.plan import Action, Item, Kind, Plan, Ref
from gateway.domain.problem import Problem
from gateway.errors import Invalid, Unsupported
from gateway.flows import site_holidays
from gateway.flows.context import OPERATOR, Context
from gateway.installation.secret_sources import SecretSource
from gateway.schemas import check_foreign
from gateway.store import configuration, directory
from gateway.store.configuration import Stored
from gateway.store.db import Db
from gateway.vault import Place, Vault


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How to go about it. `prune`: things that the files do not name are removed, unless something stands on them.
    `seen_version`: of the plan that somebody agreed to. `year`: whose days promises are checked over; None: they are not.
    `reason`: why, for the history of agreements. `region`: where this installation keeps its data."""

    vault: Vault
    secrets: SecretSource = field(default_factory=SecretSource)
    prune: bool = False
    seen_version: int | None = None
    year: int | None = None
    reason: str = ""
    region: str = ""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """What there is, what is wanted and what follows from it, at one moment."""

    stored: Stored
    wanted: Mapping[Ref, Item]
    plan: Plan

    def item(self, ref: Ref) -> Item:
        """The thing as it will be, or as it was if it goes."""
        return self.wanted[ref] if ref in self.wanted else self.stored.items[ref]


def propose(context: Context, db: Db, wanted: Mapping[Ref, Item], terms: Terms) -> Proposal:
    """The plan for these things, their secrets as texts. Raises as `judge`."""
    stored, world = judge(context, db, wanted, terms)
    changes = planning.compare(
        _digested(stored.items.values(), terms.vault),
        _digested(world.wanted.values(), terms.vault),
        prune=terms.prune,
        in_use=configuration.in_use(db, stored.ids) if terms.prune else None,
    )
    warnings = tuple(consistency.warnings(world, year=terms.year))
    plan = Plan(version=directory.version(db), changes=changes, warnings=warnings)
    return Proposal(stored=stored, wanted=world.wanted, plan=plan)


def judge(context: Context, db: Db, wanted: Mapping[Ref, Item], terms: Terms) -> tuple[Stored, World]:
    """The store, and the wanted things completed; of secrets only the names matter here.

    Raises Invalid with every problem, or Unsupported if nothing is mistaken but a desk cannot do what is asked of it.
    """
    stored = configuration.stored(db, OPERATOR, terms.vault)
    beside = {} if terms.prune else stored.items  # what is pruned is not brought up to date
    completed = list(site_holidays.completed(_completed(stored, wanted.values()), beside))
    complete = {item.ref: item for item in completed}
    gone = _gone(db, stored, complete) if terms.prune else frozenset()
    afterwards = {ref: item for ref, item in stored.items.items() if ref not in gone} | complete
    world = World(
        current=stored.items,
        wanted=complete,
        afterwards=afterwards,
        connectors=context.registry.names(),
        manifests=_manifests(context, afterwards.values()),
    )
    places = [*site_holidays.problems(wanted, afterwards), *_keeping_problems(world, terms.region)]
    _refuse([*_twins(completed, complete), *consistency.problems(world), *_settings_problems(world), *places])
    return stored, world


def _completed(stored: Stored, wanted: Iterable[Item]) -> Iterator[Item]:
    """What a file may leave open: the state of a link, the organization of a coverage row."""
    items = list(wanted)
    known = stored.items | {item.ref: item for item in items}
    for item in items:
        if item.ref.kind is Kind.LINK and "state" not in item.document:
            before = stored.items.get(item.ref)
            state = before.document["state"] if before else "active"
            yield replace(item, document={**item.document, "state": state})
        elif item.ref.kind is Kind.COVERAGE and "organization" not in item.document:
            owner = consistency.upstream_organization(known, item.document["link"]) or ""
            ref = replace(item.ref, organization=owner)
            yield replace(item, ref=ref, document={**item.document, "organization": owner})
        else:
            yield item


def _twins(items: Iterable[Item], kept: Mapping[Ref, Item]) -> Iterator[Problem]:
    """Coverage rows that turn out the same once their organization is known."""
    for item in items:
        if kept[item.ref] is not item:
            yield Problem(
                place=item.source, what=f"it says the same as {kept[item.ref].source}", right="keep one"
            )


def _gone(db: Db, stored: Stored, wanted: Mapping[Ref, Item]) -> frozenset[Ref]:
    in_use = configuration.in_use(db, stored.ids)
    changes = planning.compare(stored.items, wanted, prune=True, in_use=in_use)
    return frozenset(change.ref for change in changes if change.action is Action.REMOVE)


def _manifests(context: Context, items: Iterable[Item]) -> dict[str, Manifest]:
    """Raises ConfigError for a connector that is installed and not enabled, with what would enable it."""
    names = {item.document["connector"] for item in items if item.ref.kind is Kind.DESK}
    return {name: context.registry.manifest(name) for name in sorted(names & context.registry.installed())}


def _settings_problems(world: World) -> Iterator[Problem]:
    """The connector's own schema judges the settings of its desks."""
    for item in world.wanted.values():
        manifest = world.manifests.get(item.document["connector"]) if item.ref.kind is Kind.DESK else None
        if manifest is None:
            continue
        try:
            check_foreign(manifest.settings, item.document.get("settings", {}), what="settings")
        except Invalid as error:
            for problem in error.problems:
                yield Problem(place=f"{item.source}.settings", what=problem)


def _keeping_problems(world: World, region: str) -> Iterator[Problem]:
    """For how long and where an organization wants its data kept."""
    for item in world.wanted.values():
        if item.ref.kind is Kind.ORGANIZATION:
            for what in retention.problems(item.document, region):
                yield Problem(place=item.source, what=what, right="change it, or keep the data elsewhere")


def _refuse(problems: Collection[Problem]) -> None:
    if not problems:
        return
    if all(problem.unsupported for problem in problems):
        raise Unsupported(
            "the configuration asks for what a desk cannot do",
            why="; ".join(str(problem) for problem in problems),
            cure="leave it out, or link another desk",
        )
    raise Invalid("the configuration does not fit together", problems=tuple(map(str, problems)))


def _digested(items: Iterable[Item], vault: Vault) -> dict[Ref, Item]:
    """The items with keyed digests for secrets: enough to see that one changed, useless to anybody else."""
    return {item.ref: replace(item, secrets=_digests(item, vault)) for item in items}


def _digests(item: Item, vault: Vault) -> dict[str, str]:
    """Of a hook's token the store has only the hash, so that is what is compared."""
    stored = not item.source
    texts = {
        name: configuration.hashed(text) if name == "hook.token" and not stored else text
        for name, text in item.secrets.items()
    }
    return {
        name: vault.fingerprint(
            text, Place(org_id="", table=item.ref.kind, row_id=item.ref.code, column=name)
        )
        for name, text in texts.items()
    }
