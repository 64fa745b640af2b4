"""Files become items: several documents and files together, tables unfolded, secrets only by where they are."""

from pathlib import Path

import pytest

from gateway.domain.plan import Kind, Ref
from gateway.errors import ConfigError, Invalid
from gateway.installation.reading import read
from gateway.installation.secret_sources import SecretSource
from tests.flows.installation import FILE, SECRETS, write

DESK = Ref(kind=Kind.DESK, code="acme")


def refused(path: Path) -> str:
    with pytest.raises(Invalid) as raised:
        read(path)
    return str(raised.value)


def test_one_file(tmp_path: Path) -> None:
    found = read(write(tmp_path, FILE))

    assert [ref.kind.value for ref in found.items] == [
        *("organization", "organization", "contact", "site", "asset", "desk", "desk", "link", "coverage")
    ]
    desk = found.items[DESK]
    assert desk.source == "federation.yaml: desks[0]"
    assert desk.document["credentials"] == {"kind": "basic", "user": "interdesk"}
    assert desk.secrets == {"credentials.secret": "", "hook.secrets[0]": ""}
    assert Ref(kind=Kind.SITE, code="MI-001", organization="acme") in found.items


def test_a_folder_and_several_documents(tmp_path: Path) -> None:
    write(tmp_path, "organizations: [{code: a}]\n---\norganizations: [{code: b}]\n---\n", "1.yaml")
    write(tmp_path, "organizations: [{code: c}]\n", "2.yml")
    write(tmp_path, "not: [read", "notes.txt")

    found = read(tmp_path)

    assert {ref.code: item.source for ref, item in found.items.items()} == {
        "a": "1.yaml (document 1): organizations[0]",
        "b": "1.yaml (document 2): organizations[0]",
        "c": "2.yml: organizations[0]",
    }


def test_problems_of_all_files_are_told_together(tmp_path: Path) -> None:
    write(tmp_path, "organizations: [{code: a, zone: Rome}]\n", "1.yaml")
    write(
        tmp_path,
        "desks: [{code: b, organization: a, connector: able, profile: {statuses: {open: opened}}}]\n",
        "2.yaml",
    )

    told = refused(tmp_path)

    assert (
        '1.yaml: organizations[0].zone: "Rome" does not have the right form; write a time zone name' in told
    )
    assert '2.yaml: desks[0].profile.statuses.open: "opened" is not one of the words allowed' in told


def test_one_thing_twice(tmp_path: Path) -> None:
    write(tmp_path, "organizations: [{code: a}]\n", "1.yaml")
    write(tmp_path, "organizations: [{code: a}]\n", "2.yaml")

    assert "2.yaml: organizations[0]: organization a stands there twice; it is already at 1.yaml" in refused(
        tmp_path
    )


@pytest.mark.parametrize("path", ["nowhere.yaml", "."], ids=["no file", "an empty folder"])
def test_nothing_to_read(tmp_path: Path, path: str) -> None:
    with pytest.raises(Invalid, match=r"nowhere\.yaml cannot be read|no \.yaml file"):
        read(tmp_path / path)


OPEN_SECRETS = {
    "the secret": "credentials: {kind: header, secret: hunter2hunter2}",
    "under another name": "credentials: {kind: header, password: hunter2hunter2}",
    "instead of the mapping": "credentials: hunter2hunter2",
    "in the hook": "hook: {token: hunter2hunter2}",
    "in a list": "hook: {secrets: [hunter2hunter2, {env: A}]}",
    "one deeper": "hook: {secrets: [{value: hunter2hunter2}]}",
    "as a number": "credentials: {kind: header, secret: 123456789}",
}


@pytest.mark.parametrize("text", OPEN_SECRETS.values(), ids=OPEN_SECRETS.keys())
def test_a_secret_in_a_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    desk = f"desks:\n  - {{code: a, organization: a, connector: able, {text}}}\n"

    told = refused(write(tmp_path, desk))

    assert "a secret never stands in a file; write {env: NAME}" in told
    assert "federation.yaml: desks[0]." in told
    assert "hunter2" not in told
    assert "123456789" not in told


def test_tables_beside_the_file(tmp_path: Path) -> None:
    write(tmp_path, "code;group\nMI-1;north\nMI-2;\n", "tables/sites.csv")
    write(tmp_path, "organization,group,link,rank\nacme,north,acme-north,2\n", "coverage.csv")
    text = "sites: {csv: tables/sites.csv, organization: acme}\ncoverage: {csv: coverage.csv}\n"

    found = read(write(tmp_path, text))

    assert {ref.code: (dict(item.document), item.source) for ref, item in found.items.items()} == {
        "MI-1": ({"organization": "acme", "code": "MI-1", "group": "north"}, "tables/sites.csv row 2"),
        "MI-2": ({"organization": "acme", "code": "MI-2"}, "tables/sites.csv row 3"),
        "group north · any service · always · acme-north": (
            {"organization": "acme", "group": "north", "link": "acme-north", "rank": 2},
            "coverage.csv row 2",
        ),
    }


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (
            "code,country\nA,IT\nB,Italy\n",
            'sites.csv row 3 column country: "Italy" does not have the right form',
        ),
        ("name\nA\n", "sites.csv row 2 column (top): 'code' is missing"),
        ("code\nA\nA\n", "sites.csv row 3: site acme/A stands there twice; it is already at sites.csv row 2"),
    ],
    ids=["a bad cell", "a missing column", "twice"],
)
def test_a_bad_row_is_named_with_its_column(tmp_path: Path, table: str, says: str) -> None:
    write(tmp_path, table, "sites.csv")

    assert says in refused(write(tmp_path, "sites: {csv: sites.csv, organization: acme}\n"))


@pytest.mark.parametrize("name", ["../outside.csv", "/etc/passwd", "link.csv"])
def test_tables_lie_beside_the_file(tmp_path: Path, name: str) -> None:
    write(tmp_path, "code\nA\n", "outside.csv")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.csv").symlink_to(tmp_path / "outside.csv")

    told = refused(write(inside, f"sites: {{csv: {name}, organization: acme}}\n"))

    assert "lies outside the folder; put it beside the YAML file" in told


def test_secrets_are_fetched_from_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    write(tmp_path, "from-a-file\n", "secrets/north")
    text = FILE.replace("{env: NORTH_KEY}", "{file: secrets/north}").replace(
        "{env: ACME_PASSWORD}", "{prompt: true}"
    )

    found = read(write(tmp_path, text)).with_secrets(SecretSource(ask=lambda what: f"typed for {what}"))

    assert found[DESK].secrets == {
        "credentials.secret": "typed for desk acme: credentials.secret: ",
        "hook.secrets[0]": SECRETS["ACME_HOOK"],
    }
    assert found[Ref(kind=Kind.DESK, code="north")].secrets == {"credentials.secret": "from-a-file"}
    assert "from-a-file" not in repr(found)


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("{env: NOWHERE}", "NOWHERE is not set"),
        ("{file: nowhere}", "desk acme: hook.token cannot be read from"),
        ("{file: empty}", "it is empty"),
        ("{prompt: true}", "nobody is at the terminal"),
        (
            "{env: SHORT}",
            "desk acme: hook.token is shorter than 32 characters · make one with: openssl rand -hex 32",
        ),
    ],
)
def test_a_secret_that_cannot_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, says: str
) -> None:
    monkeypatch.setenv("SHORT", "hunter2")
    write(tmp_path, "\n", "empty")
    desk = f"desks: [{{code: acme, organization: a, connector: able, hook: {{token: {where}}}}}]\n"

    with pytest.raises(ConfigError) as raised:
        read(write(tmp_path, desk)).with_secrets(SecretSource())

    assert says in str(raised.value)
    assert "hunter2" not in str(raised.value)
