"""The closed vocabularies of the product (statuses, reasons, visibilities, kinds); what follows from them is elsewhere."""

from enum import StrEnum


class HopStatus(StrEnum):
    """The life of a hop: hand-over words first, then work in TMF621's words (`in_progress` for `inProgress`)."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    PENDING = "pending"
    HELD = "held"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class Reason(StrEnum):
    """Why a hop is `pending` or `held` (R15). An installation's own code names the base code it refines."""

    REQUESTER_INFO = "requester_info"
    REQUESTER_APPROVAL = "requester_approval"
    REQUESTER_POSTPONED = "requester_postponed"
    REQUESTER_EQUIPMENT = "requester_equipment"
    SITE_ACCESS = "site_access"
    SITE_CLOSED = "site_closed"
    SITE_CONTACT_UNAVAILABLE = "site_contact_unavailable"
    SAFETY_OR_PERMIT = "safety_or_permit"
    SCHEDULED_VISIT = "scheduled_visit"
    POWER_OR_FACILITY = "power_or_facility"
    CARRIER = "carrier"
    PARTS_OWN = "parts_own"
    PARTS_UPSTREAM = "parts_upstream"
    PARTS_CUSTOMER = "parts_customer"
    THIRD_PARTY = "third_party"
    FORCE_MAJEURE = "force_majeure"
    MAINTENANCE_WINDOW = "maintenance_window"
    OBSERVATION = "observation"
    OTHER = "other"


class Visibility(StrEnum):
    """Who may see a comment at its desk. `PUBLIC` means: to its requester, one hop up. Unknown is read as private."""

    PUBLIC = "public"
    PRIVATE = "private"


class ActorKind(StrEnum):
    """Who caused a change at a desk: a person, a rule of the desk itself, or this gateway's own account."""

    PERSON = "person"
    AUTOMATION = "automation"
    GATEWAY = "gateway"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """How an event is known: an entry of the desk's history, a difference of two states, or a person's word."""

    HISTORY = "history"
    DIFFERENCE = "difference"
    PERSON = "person"
    GATEWAY = "gateway"


class Field(StrEnum):
    """Canonical names of ticket fields. A desk keeps them in its own words; custom ones are `custom.<name>`."""

    TITLE = "title"
    DESCRIPTION = "description"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    GROUP = "group"
    DUE = "due"
    REQUESTER = "requester"
    QUEUE = "queue"
    SERVICE = "service"
    CATEGORY = "category"
    SITE = "site"
    ASSET = "asset"
    TAGS = "tags"
    RELATED = "related"
    PARTS = "parts"
    RATING = "rating"
    VISIT_FROM = "visit_from"
    VISIT_UNTIL = "visit_until"
    DELEGATE = "delegate"
    MARKER = "marker"


class CommandKind(StrEnum):
    """What a delivery asks of a desk; each is one effect."""

    CREATE = "create"
    UPDATE = "update"
    COMMENT = "comment"
    ATTACH = "attach"
    EDIT = "edit"
    REMOVE = "remove"


class IdempotencyTier(StrEnum):
    """How a desk lets us find out whether a lost write was applied (delivery D4), best first."""

    CLIENT_ID = "client_id"
    IDEMPOTENCY_KEY = "idempotency_key"
    MARKER_FIELD = "marker_field"
    LISTING = "listing"
    NOTHING = "nothing"
