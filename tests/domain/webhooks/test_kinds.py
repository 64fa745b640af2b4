"""Names outside are promises: each has a schema, and nothing is told under a name that is not there."""

from gateway import schemas
from gateway.domain.webhooks import kinds


def test_every_kind_has_its_schema_and_every_event_a_kind() -> None:
    wanted = {kinds.schema_of(kind) for kind in kinds.KINDS}
    assert {name for name in schemas.names() if name.startswith("event_")} == wanted
    assert set(kinds.OF_EVENTS.values()) <= set(kinds.KINDS)
    for kind in kinds.KINDS:
        known = schemas.schema(kinds.schema_of(kind))["properties"]
        assert known["type"]["const"] == kinds.cloud_type(kind)


def test_a_webhook_may_ask_for_every_kind() -> None:
    asked = schemas.schema("webhook")["properties"]["events"]["items"]["enum"]
    assert sorted(asked) == sorted(kinds.KINDS)
