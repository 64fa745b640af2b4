"""People at the real desks: what an agent does there, and what an administrator finds, by each desk's own API.

agent_of(desk, login) → Agent     alice and bob work at every desk; root (RT) and admin (elsewhere) see everything
"""

from tests.desks.launch import Redmine, RequestTracker, Roundup
from tests.desks.people.agent import Agent, Said
from tests.desks.people.redmine import RedmineAgent
from tests.desks.people.request_tracker import RequestTrackerAgent
from tests.desks.people.roundup import RoundupAgent

__all__ = ["Agent", "Said", "agent_of"]


def agent_of(desk: RequestTracker | Redmine | Roundup, login: str) -> Agent:
    """Somebody who works at that desk. Close it after use."""
    match desk:
        case RequestTracker():
            return RequestTrackerAgent(desk, login)
        case Redmine():
            return RedmineAgent(desk, login)
        case Roundup():
            return RoundupAgent(desk, login)
