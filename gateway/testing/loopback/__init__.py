"""A desk in our own process, in memory or over HTTP, with tempers, habits and faults."""

from gateway.testing.loopback.desk import ACCOUNT, LoopbackDesk, Seen
from gateway.testing.loopback.faults import (
    Answer,
    Call,
    Dice,
    Fault,
    FaultKind,
    FaultPlan,
    NoAnswer,
    NoConnection,
    Outages,
    Outcome,
    Script,
)
from gateway.testing.loopback.hooks import Hook
from gateway.testing.loopback.people import Person
from gateway.testing.loopback.temper import (
    CUSTOMER,
    PARTNER,
    PLAIN,
    SUBCONTRACTOR,
    TEMPERS,
    VENDOR,
    Hooks,
    Temper,
)

__all__ = [
    "ACCOUNT",
    "CUSTOMER",
    "PARTNER",
    "PLAIN",
    "SUBCONTRACTOR",
    "TEMPERS",
    "VENDOR",
    "Answer",
    "Call",
    "Dice",
    "Fault",
    "FaultKind",
    "FaultPlan",
    "Hook",
    "Hooks",
    "LoopbackDesk",
    "NoAnswer",
    "NoConnection",
    "Outages",
    "Outcome",
    "Person",
    "Script",
    "Seen",
    "Temper",
]

NAME = "loopback"
"""What its connector is called, for those who configure such a desk."""
