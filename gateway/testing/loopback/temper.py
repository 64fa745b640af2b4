"""Tempers: the words, rules and bad habits of a loopback desk. Data only; `cabinet` and `rest` act on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any


class Hooks(StrEnum):
    """What the desk says when a ticket changes: nothing, only which ticket, or the whole ticket."""

    NONE = "none"
    THIN = "thin"
    FULL = "full"


@dataclass(frozen=True, kw_only=True)
class Temper:
    """One kind of desk. Words first, then habits, each named for what the desk does."""

    name: str
    prefix: str
    statuses: Mapping[str, Any]
    """Native status → canonical status (or `{status, reason}`), as a desk's profile says it; the first is initial."""
    priorities: Mapping[str, str]
    """Native priority → canonical."""
    default_priority: str
    closed: frozenset[str]
    zone: str = "UTC"
    transitions: Mapping[str, tuple[str, ...]] | None = None
    """Allowed moves of a status; None = any."""
    write_statuses: Mapping[str, str] = field(default_factory=dict)

    title_limit: int | None = None
    strips_html: bool = False
    priority_remap: Mapping[str, str] = field(default_factory=dict)
    """Priorities that an API account may not set, and what the desk sets instead."""
    opens_on_comment: tuple[str, str] | None = None
    """(old, new): a comment through the API moves a ticket in `old` to `new` by itself."""
    auto_reply: str | None = None
    """A public comment the desk writes by itself after each ticket and each public comment through the API."""
    commit_lag: timedelta = timedelta()
    """A change shows up in the list of changes up to this much later than its id was taken: out of order."""
    search_lag: timedelta = timedelta()
    granularity: timedelta = timedelta(microseconds=1)
    clock_offset: timedelta = timedelta()
    answers_in: timedelta = timedelta()
    history: bool = True
    private_comments: bool = True
    comment_markers: bool = True
    """Whether a comment or file keeps our marker beside it."""
    edits_comments: bool = True
    """Whether the API lets an account change or take away what it wrote."""
    hooks: Hooks = Hooks.FULL
    refuses_quietly: bool = False
    """Answers 200 to a change it refuses."""
    hides_closed: bool = False
    """Closed tickets are missing from searches and from the list of changes; by their id they can still be read."""
    reuses_ids: bool = False

    @property
    def initial(self) -> str:
        """The status of a new ticket."""
        return next(iter(self.statuses))

    def profile(self) -> dict[str, Any]:
        """The `profile` of a desk's document for this temper."""
        words = {"statuses": dict(self.statuses), "priorities": dict(self.priorities)}
        return {**words, "write_statuses": dict(self.write_statuses)} if self.write_statuses else words

    def settings(self) -> dict[str, Any]:
        """The `settings` of a desk's document for this temper."""
        told: dict[str, Any] = {
            "strips_html": self.strips_html,
            "history": self.history,
            "private_comments": self.private_comments,
            "comment_markers": self.comment_markers,
            "edits_comments": self.edits_comments,
            "removes_comments": self.edits_comments,
        }
        return {**told, "title_limit": self.title_limit} if self.title_limit else told


PLAIN = Temper(
    name="plain",
    prefix="T",
    statuses={
        "new": "offered",
        "open": "in_progress",
        "waiting": {"status": "pending", "reason": "requester_info"},
        "on hold": {"status": "held", "reason": "other"},
        "solved": "resolved",
        "closed": "closed",
        "refused": "rejected",
        "cancelled": "cancelled",
    },
    priorities={"urgent": "critical", "high": "high", "normal": "medium", "low": "low"},
    default_priority="normal",
    closed=frozenset({"closed", "refused", "cancelled"}),
    write_statuses={"accepted": "open", "acknowledged": "open", "withdrawn": "cancelled"},
)

CUSTOMER = Temper(
    name="customer",
    prefix="INC",
    zone="Europe/Rome",
    statuses={
        "New": "acknowledged",
        "Assigned": "in_progress",
        "Waiting for user": {"status": "pending", "reason": "requester_info"},
        "Waiting CAB": {"status": "held", "reason": "requester_approval"},
        "To verify": "resolved",
        "Closed": "closed",
        "Cancelled": "cancelled",
    },
    priorities={"1 - Critical": "critical", "2 - High": "high", "3 - Moderate": "medium", "4 - Low": "low"},
    default_priority="3 - Moderate",
    closed=frozenset({"Closed", "Cancelled"}),
    commit_lag=timedelta(seconds=20),
    granularity=timedelta(seconds=1),
)

VENDOR = Temper(
    name="vendor",
    prefix="VN",
    zone="Europe/Berlin",
    statuses={
        "new": "offered",
        "open": "in_progress",
        "stalled": {"status": "pending", "reason": "requester_info"},
        "parts ordered": {"status": "held", "reason": "parts_own"},
        "resolved": "resolved",
        "closed": "closed",
        "rejected": "declined",
    },
    priorities={"P1": "critical", "P2": "high", "P3": "medium", "P4": "low"},
    default_priority="P3",
    closed=frozenset({"closed", "rejected"}),
    write_statuses={"accepted": "open", "acknowledged": "open", "cancelled": "closed", "withdrawn": "closed"},
    opens_on_comment=("new", "open"),
    title_limit=120,
    search_lag=timedelta(seconds=15),
    granularity=timedelta(seconds=1),
    clock_offset=timedelta(seconds=40),
    refuses_quietly=True,
    hooks=Hooks.THIN,
)

PARTNER = Temper(
    name="partner",
    prefix="PA",
    zone="Europe/Moscow",
    statuses={
        "Открыта": "offered",
        "В работе": "in_progress",
        "Ожидание ответа": {"status": "pending", "reason": "requester_info"},
        "Отложена": {"status": "held", "reason": "other"},
        "Выполнена": "resolved",
        "Закрыта": "closed",
        "Отклонена": "declined",
    },
    priorities={"Авария": "critical", "Высокий": "high", "Обычный": "medium", "Низкий": "low"},
    default_priority="Обычный",
    closed=frozenset({"Закрыта", "Отклонена"}),
    write_statuses={
        "accepted": "В работе",
        "acknowledged": "В работе",
        "cancelled": "Закрыта",
        "withdrawn": "Закрыта",
    },
    transitions={
        "Открыта": ("В работе", "Отклонена", "Закрыта"),
        "В работе": ("Ожидание ответа", "Отложена", "Выполнена", "Закрыта", "Отклонена"),
        "Ожидание ответа": ("В работе", "Отложена", "Выполнена", "Закрыта"),
        "Отложена": ("В работе", "Ожидание ответа", "Выполнена", "Закрыта"),
        "Выполнена": ("В работе", "Закрыта"),
        "Закрыта": ("В работе",),
        "Отклонена": ("Открыта",),
    },
    strips_html=True,
    auto_reply="Спасибо, ваше обращение зарегистрировано.",
    granularity=timedelta(minutes=1),
    answers_in=timedelta(milliseconds=400),
)

SUBCONTRACTOR = Temper(
    name="subcontractor",
    prefix="S",
    zone="Asia/Yekaterinburg",
    statuses={
        "unread": "offered",
        "chatting": "in_progress",
        "need-info": {"status": "pending", "reason": "requester_info"},
        "deferred": {"status": "held", "reason": "other"},
        "done": "resolved",
        "archived": "closed",
        "declined": "declined",
    },
    priorities={"critical": "critical", "urgent": "high", "bug": "medium", "wish": "low"},
    default_priority="bug",
    closed=frozenset({"archived", "declined"}),
    write_statuses={
        "accepted": "chatting",
        "acknowledged": "chatting",
        "cancelled": "archived",
        "withdrawn": "archived",
    },
    priority_remap={"critical": "urgent"},
    opens_on_comment=("unread", "chatting"),
    history=False,
    private_comments=False,
    comment_markers=False,
    hooks=Hooks.NONE,
    granularity=timedelta(seconds=1),
    clock_offset=timedelta(seconds=-95),
)

TEMPERS: Mapping[str, Temper] = {
    temper.name: temper for temper in (PLAIN, CUSTOMER, VENDOR, PARTNER, SUBCONTRACTOR)
}
