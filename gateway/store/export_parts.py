"""What of the schema belongs to an organization: every table is in an export, or it is said here why it is nobody's data.
Secrets, their hashes, and the state of work under way (leases, fences, cursors) are in no part."""

from collections.abc import Mapping

OWN: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "organization": ("organization", ("id", "code", "document")),
    "configured": ("directory", ("id", "kind", "code", "document")),
    "desks": ("desk", ("id", "code", "connector", "document")),
    "clock_offsets": ("offset_sample", ()),
    "terms": ("sheet", ("id", "code", "created_at", "document")),
    "agreement_states": ("agreement_state", ("id", "code", "state", "since")),
    "agreement_events": (
        "agreement_event",
        ("id", "code", "at", "on_day", "what", "before", "after", "actor", "reason"),
    ),
    "tickets": ("ticket", ("id", "opened_at", "closed_at", "facts", "test")),
    "ticket_holds": ("ticket_hold", ()),
    "former_numbers": ("former_number", ()),
    "copies": ("copy", ()),
    "clocks": ("clock", ()),
    "stop_requests": ("stop_to_decide", ()),
    "visits": ("booked_visit", ()),
    "warnings": (
        "warning",
        (
            *("id", "ticket_id", "hop_id", "kind", "about", "mark", "step", "event_id", "raised_at"),
            *("acknowledged_at", "acknowledged_by", "over_at"),
        ),
    ),
    "letters": (
        "letter",
        (
            *("id", "ticket_id", "warning_id", "message_id", "contact", "address", "subject", "body"),
            *("state", "attempts", "created_at", "sent_at", "error"),
        ),
    ),
    "work_lines": ("work_line", ()),
    "work_statements": ("work_statement", ()),
    "closings": ("closing", ()),
    "report_schedules": ("report_schedule", ()),
    "discrepancies": ("discrepancy", ()),
    "comparisons": ("reconciliation", ()),
    "compared": ("reconciled", ("id", "run_id", "ticket_id", "hop_id", "desk_id", "state", "drift", "error")),
    "desk_tickets": ("desk_ticket", ()),
    "desk_parts": ("desk_part", ()),
    "portal_links": (
        "portal_link",
        ("id", "job_id", "doing", "person", "contact", "language", "created_at", "expires_at", "used_at"),
    ),
    "portal_browsers": (
        "portal_browser",
        ("id", "desk_id", "contact", "agent", "created_at", "seen_at", "ended_at"),
    ),
    "ticket_descriptions": ("tmf_specification", ()),
    "listeners": ("tmf_listener", ("id", "desk_id", "dialect", "created_at")),
    "listener_notices": (
        "tmf_notice",
        ("id", "listener_id", "ticket_id", "kind", "document", "created_at", "attempts", "state", "error"),
    ),
    "sharing_agreements": (
        "sharing_agreement",
        (
            *("id", "desk_id", "uuid", "ours", "name", "sender_url", "receiver_url", "standing", "agreed"),
            *("deactivated_by", "sync_tags", "sync_custom_fields", "public_comments", "created_at"),
            "changed_at",
        ),
    ),
    "shared_tickets": ("shared_ticket", ()),
    "shared_parts": ("shared_part", ()),
    "shared_files": ("shared_file", ("id", "desk_id", "blob", "filename", "media_type", "expires_at")),
    "share_links": (
        "share_link",
        ("id", "subject", "created_at", "created_by", "expires_at", "revoked_at", "used_at"),
    ),
    "mappings": ("mapping_version", ()),
    "mapping_moves": ("mapping_move", ()),
    "brakes": ("brake", ("id", "kind", "target", "on_at", "on_by", "reason", "off_at")),
    "imports": ("import_run", ()),
    "imported_desks": ("imported_desk", ()),
    "imported_cases": ("imported_case", ("ticket_id", "run_id", "source", "case_key")),
    "webhooks": (
        "webhook_endpoint",
        ("id", "standing", "why", "changed_at", "delivered", "last_at", "last_status", "last_error"),
    ),
    "webhook_messages": (
        "webhook_message",
        (
            *("id", "webhook_id", "kind", "created_at", "event_id", "ticket_id", "subject", "document"),
            *("state", "attempts", "done_at", "error"),
        ),
    ),
    "webhook_attempts": ("webhook_attempt", ()),
    "api_keys": (
        "api_key",
        (
            *("id", "label", "shown", "created_at", "expires_at", "revoked_at", "permissions", "networks"),
            "used_at",
        ),
    ),
    "api_clients": (
        "oauth_client",
        ("id", "label", "permissions", "networks", "jwks", "created_at", "revoked_at", "used_at"),
    ),
    "api_client_secrets": ("oauth_secret", ("id", "client_id", "shown", "created_at", "expires_at")),
    "accounts": ("account", ("id", "email", "role", "customers", "created_at", "disabled_at", "used_at")),
    "account_invitations": (
        "account_invitation",
        ("id", "email", "role", "customers", "created_at", "created_by", "expires_at", "used_at"),
    ),
    "sessions": (
        "web_session",
        ("id", "account_id", "browser", "address", "created_at", "seen_at", "expires_at", "revoked_at"),
    ),
    "people": ("person", ()),
    "erasures": ("erasure", ("id", "asked_at", "asked_by", "reason", "state", "counts", "done_at")),
}
"""File of an export → table and columns, all where none are named: rows that `org_id` owns."""

JUDGED: Mapping[str, str] = {
    "outcomes": "outcome",
    "case_outcomes": "case_outcome",
    "links": "link",
    "link_lives": "link_life",
    "link_steps": "link_step",
    "invitations": "invitation",
    "hops": "hop",
    "events": "event",
    "words": "content",
    "messages": "message",
    "deliveries": "delivery",
    "attempts": "attempt",
    "audit": "audit",
    "reports": "publication",
}
"""File of an export → table, where more is looked at than whose a row is."""

_RUNNING = "work under way: what comes of it stands elsewhere"
_COUNTED = "sums, counted again from outcomes, which are there"
NOBODYS: Mapping[str, str] = {
    "meta": "the installation's own words",
    "worker": "processes of the installation",
    "agent_sight": "when an agent last asked for work; nothing is kept of it",
    "audit_anchor": "signed heads of all chains: the installation's",
    "errand": _RUNNING,
    "look": _RUNNING,
    "stored_answer": "sealed answers to repeated calls, gone within 48 hours",
    "api_quota": "calls counted within a minute",
    "guess": "tries that are counted against guessing",
    "sign_in_try": "tries that are counted against guessing, by digests",
    "sign_in_state": "ways to an identity provider, gone within minutes",
    "account_reset": "hashes of links and digits, gone within the hour",
    "portal_code": "hashes of digits, gone within minutes",
    "oauth_token": "hashes of tokens, gone within hours",
    "oauth_assertion": "ids of assertions that were used, gone within minutes",
    "outcome_day": _COUNTED,
    "outcome_month": _COUNTED,
    "outcome_year": _COUNTED,
    "outcome_site": _COUNTED,
    "outcome_minutes": _COUNTED,
    "control_total": "counted again from assignments and deliveries, which are there; its lists name numbers of both ends",
}
"""Tables that are in no export, and why."""
