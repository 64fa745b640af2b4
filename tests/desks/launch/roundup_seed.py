"""Makes a classic Roundup tracker for federation tests and prints what it made, as JSON.

Run by the Python of Roundup's private environment (the product does not depend on Roundup):
    python roundup_seed.py HOME WEB_ADDRESS NAME
"""

import json
import sys
from pathlib import Path

from roundup import init, instance, password  # type: ignore[import-not-found]

HERE = Path(__file__).parent
TEMPLATE = Path(sys.prefix, "share/roundup/templates/classic")
OURS = (
    "delegateto",
    "site",
    "asset",
    "requester",
    "parts",
    "rating",
    "visitfrom",
    "visituntil",
    "ordernumber",
    "step",
)
OUR_FIELDS = (
    f"externalref=String(indexme='yes'), {', '.join(f'{name}=String()' for name in OURS)},\n                "
)
PEOPLE = ("fedbot", "alice", "bob")


def lay(home: Path, web: str, name: str) -> None:
    """Copies the template, with our fields in the schema and our detector beside the packaged ones."""
    settings = {
        "rdbms_backend": "sqlite",
        "tracker_web": web,
        "mail_domain": f"{name}.test",
        "mail_host": "localhost",
        "mail_debug": str(home / "mail.out"),  # outgoing mail goes into a file
        "password_pbkdf2_default_rounds": "1000",  # it hashes the password of every request: half a second by default
    }
    init.install(str(home), str(TEMPLATE), settings=settings)
    schema = home / "schema.py"
    before, anchor, after = schema.read_text().partition('priority=Link("priority"),')
    if not anchor:
        sys.exit("roundup_seed: the classic schema has changed; no place for our fields")
    schema.write_text(before + OUR_FIELDS + anchor + after)
    (home / "detectors/federation.py").write_bytes((HERE / "roundup_detector.py").read_bytes())


def fill(home: Path, name: str) -> dict[str, object]:
    """Creates the database and the people; returns logins, statuses and priorities with their ids."""
    tracker = instance.open(str(home))
    tracker.init(password.Password("admin-Secret1", config=tracker.config))
    db = tracker.open("admin")
    try:
        for login in PEOPLE:
            secret = password.Password(f"{login}-Secret1", config=tracker.config)
            address = f"{login}@{name}.test"
            db.user.create(
                username=login, password=secret, address=address, realname=login.title(), roles="User"
            )
        db.commit()
        return {
            "users": {login: db.user.lookup(login) for login in (*PEOPLE, "admin")},
            "statuses": {db.status.get(id_, "name"): id_ for id_ in db.status.list()},
            "priorities": {db.priority.get(id_, "name"): id_ for id_ in db.priority.list()},
        }
    finally:
        db.close()


if __name__ == "__main__":
    place, address_of_web, called = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    lay(place, address_of_web, called)
    sys.stdout.write(json.dumps(fill(place, called)))
