"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this revision."""
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sha256"),
    )
    op.create_table(
        "attempt",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("delivery_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("attempt_delivery", ["delivery_id"], unique=False)

    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_org_id"), ["org_id"], unique=False)

    op.create_table(
        "content",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("origin_hop_id", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("to_link_id", sa.String(), nullable=True),
        sa.Column("filename", sa.Text(), nullable=True),
        sa.Column("media_type", sa.String(), nullable=True),
        sa.Column("blob_key", sa.String(), nullable=True),
        sa.Column("blob_size", sa.BigInteger(), nullable=True),
        sa.Column("blob_sha256", sa.String(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("released_to", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.create_index("content_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "copy",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hop_id", sa.String(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("native_hash", sa.String(), nullable=False),
        sa.Column("visibility", sa.String(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("missing", sa.Boolean(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("copy", schema=None) as batch_op:
        batch_op.create_index("copy_content", ["content_id"], unique=False)
        batch_op.create_index("copy_hash", ["hop_id", "native_hash"], unique=False)
        batch_op.create_index("copy_remote", ["hop_id", "kind", "remote_id"], unique=True)

    op.create_table(
        "delivery",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hop_id", sa.String(), nullable=False),
        sa.Column("desk_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("marker", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("head", sa.Boolean(), nullable=False),
        sa.Column("blocks", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("content_id", sa.String(), nullable=True),
        sa.Column("visibility", sa.String(), nullable=True),
        sa.Column("link_id", sa.String(), nullable=True),
        sa.Column("event_id", sa.String(), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("probes", sa.Integer(), nullable=False),
        sa.Column("first_sent_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("note", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(
            "delivery_blocking",
            ["hop_id", "seq"],
            unique=False,
            sqlite_where=sa.text("blocks"),
            postgresql_where=sa.text("blocks"),
        )
        batch_op.create_index("delivery_lane", ["hop_id", "seq"], unique=True)
        batch_op.create_index("delivery_marker", ["marker"], unique=False)
        batch_op.create_index(
            "delivery_parked",
            ["state"],
            unique=False,
            sqlite_where=sa.text("state IN ('parked','asking')"),
            postgresql_where=sa.text("state IN ('parked','asking')"),
        )
        batch_op.create_index(
            "delivery_ready",
            ["org_id", "urgency", "due_at", "created_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending' AND head"),
            postgresql_where=sa.text("state = 'pending' AND head"),
        )
        batch_op.create_index("delivery_ticket", ["ticket_id"], unique=False)
        batch_op.create_index(
            "delivery_waiting",
            ["lease_until"],
            unique=False,
            sqlite_where=sa.text("state IN ('inflight', 'ambiguous')"),
            postgresql_where=sa.text("state IN ('inflight', 'ambiguous')"),
        )

    op.create_table(
        "desk",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("sealed_credentials", sa.Text(), nullable=True),
        sa.Column("sealed_hook_secrets", sa.Text(), nullable=True),
        sa.Column("hook_token_hash", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("poll_at", sa.BigInteger(), nullable=True),
        sa.Column("poll_fence", sa.Integer(), nullable=False),
        sa.Column("poll_lease_until", sa.BigInteger(), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("breaker", sa.Text(), nullable=True),
        sa.Column("learned", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_desk_org_id"), ["org_id"], unique=False)

    op.create_table(
        "directory",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("directory", schema=None) as batch_op:
        batch_op.create_index("directory_code", ["kind", "org_id", "code"], unique=True)

    op.create_table(
        "discrepancy",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hop_id", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("discrepancy", schema=None) as batch_op:
        batch_op.create_index("discrepancy_ticket", ["ticket_id"], unique=False)

    op.create_table(
        "event",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("hop_id", sa.String(), nullable=True),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=True),
        sa.Column("stated_at", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("cause_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("id"),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index("event_ticket", ["ticket_id", "seq"], unique=False)

    op.create_table(
        "hop",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("desk_id", sa.String(), nullable=False),
        sa.Column("link_id", sa.String(), nullable=True),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("remote_id", sa.String(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("shadow", sa.Text(), nullable=True),
        sa.Column("unmapped", sa.Text(), nullable=True),
        sa.Column("position", sa.String(), nullable=True),
        sa.Column("revision", sa.String(), nullable=True),
        sa.Column("route", sa.Text(), nullable=True),
        sa.Column("ranks", sa.Text(), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("offered_at", sa.BigInteger(), nullable=True),
        sa.Column("answer_by", sa.BigInteger(), nullable=True),
        sa.Column("confirm_by", sa.BigInteger(), nullable=True),
        sa.Column("refetch_at", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("wrote_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=True),
        sa.Column("next_seq", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("hop", schema=None) as batch_op:
        batch_op.create_index("hop_answer", ["answer_by"], unique=False)
        batch_op.create_index("hop_confirm", ["confirm_by"], unique=False)
        batch_op.create_index("hop_refetch", ["refetch_at"], unique=False)
        batch_op.create_index("hop_remote", ["desk_id", "remote_id"], unique=True)
        batch_op.create_index("hop_ticket", ["ticket_id"], unique=False)
        batch_op.create_index(
            "hop_unmapped",
            ["desk_id"],
            unique=False,
            sqlite_where=sa.text("unmapped <> '[]'"),
            postgresql_where=sa.text("unmapped <> '[]'"),
        )

    op.create_table(
        "link",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("upstream_desk_id", sa.String(), nullable=False),
        sa.Column("downstream_desk_id", sa.String(), nullable=False),
        sa.Column("upstream_org_id", sa.String(), nullable=False),
        sa.Column("downstream_org_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_downstream_desk_id"), ["downstream_desk_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_org_id"), ["org_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_link_upstream_desk_id"), ["upstream_desk_id"], unique=False)

    op.create_table(
        "look",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("desk_id", sa.String(), nullable=False),
        sa.Column("remote_id", sa.String(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("hints", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("gone_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("look", schema=None) as batch_op:
        batch_op.create_index("look_due", ["due_at"], unique=False)
        batch_op.create_index("look_what", ["desk_id", "remote_id"], unique=True)

    op.create_table(
        "message",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("desk_id", sa.String(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("query", sa.Text(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("processed_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("message_state", ["state", "received_at"], unique=False)
        batch_op.create_index(
            "message_waiting",
            ["received_at"],
            unique=False,
            sqlite_where=sa.text("state = 'received'"),
            postgresql_where=sa.text("state = 'received'"),
        )

    op.create_table(
        "meta",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "organization",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
    )
    with op.batch_alter_table("organization", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_organization_org_id"), ["org_id"], unique=False)

    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("desk_id", sa.String(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index("ticket_org", ["org_id", "opened_at"], unique=False)

    op.create_table(
        "worker",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("org_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Back from it."""
    op.drop_table("worker")
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_index("ticket_org")

    op.drop_table("ticket")
    op.drop_table("person")
    with op.batch_alter_table("organization", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_organization_org_id"))

    op.drop_table("organization")
    op.drop_table("meta")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index(
            "message_waiting",
            sqlite_where=sa.text("state = 'received'"),
            postgresql_where=sa.text("state = 'received'"),
        )
        batch_op.drop_index("message_state")

    op.drop_table("message")
    with op.batch_alter_table("look", schema=None) as batch_op:
        batch_op.drop_index("look_what")
        batch_op.drop_index("look_due")

    op.drop_table("look")
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_link_upstream_desk_id"))
        batch_op.drop_index(batch_op.f("ix_link_org_id"))
        batch_op.drop_index(batch_op.f("ix_link_downstream_desk_id"))

    op.drop_table("link")
    with op.batch_alter_table("hop", schema=None) as batch_op:
        batch_op.drop_index(
            "hop_unmapped",
            sqlite_where=sa.text("unmapped <> '[]'"),
            postgresql_where=sa.text("unmapped <> '[]'"),
        )
        batch_op.drop_index("hop_ticket")
        batch_op.drop_index("hop_remote")
        batch_op.drop_index("hop_refetch")
        batch_op.drop_index("hop_confirm")
        batch_op.drop_index("hop_answer")

    op.drop_table("hop")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index("event_ticket")

    op.drop_table("event")
    with op.batch_alter_table("discrepancy", schema=None) as batch_op:
        batch_op.drop_index("discrepancy_ticket")

    op.drop_table("discrepancy")
    with op.batch_alter_table("directory", schema=None) as batch_op:
        batch_op.drop_index("directory_code")

    op.drop_table("directory")
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_desk_org_id"))

    op.drop_table("desk")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index(
            "delivery_waiting",
            sqlite_where=sa.text("state IN ('inflight', 'ambiguous')"),
            postgresql_where=sa.text("state IN ('inflight', 'ambiguous')"),
        )
        batch_op.drop_index("delivery_ticket")
        batch_op.drop_index(
            "delivery_ready",
            sqlite_where=sa.text("state = 'pending' AND head"),
            postgresql_where=sa.text("state = 'pending' AND head"),
        )
        batch_op.drop_index(
            "delivery_parked",
            sqlite_where=sa.text("state IN ('parked','asking')"),
            postgresql_where=sa.text("state IN ('parked','asking')"),
        )
        batch_op.drop_index("delivery_marker")
        batch_op.drop_index("delivery_lane")
        batch_op.drop_index(
            "delivery_blocking", sqlite_where=sa.text("blocks"), postgresql_where=sa.text("blocks")
        )

    op.drop_table("delivery")
    with op.batch_alter_table("copy", schema=None) as batch_op:
        batch_op.drop_index("copy_remote")
        batch_op.drop_index("copy_hash")
        batch_op.drop_index("copy_content")

    op.drop_table("copy")
    with op.batch_alter_table("content", schema=None) as batch_op:
        batch_op.drop_index("content_ticket")

    op.drop_table("content")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_org_id"))

    op.drop_table("audit")
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.drop_index("attempt_delivery")

    op.drop_table("attempt")
    op.drop_table("api_key")
