"""Whether a mail comes from whom it says: the party's own addresses, and what the receiving server found (RFC 8601).

Only the topmost Authentication-Results of the server named in the settings counts: anybody can write such a header, but
not above that server's own.
"""

import re
from collections.abc import Sequence

from connectors.mail_desk.letter import Letter
from gateway.domain.model import Desk

_RESULT = re.compile(r"\b(dmarc|spf|dkim)\s*=\s*(\w+)", re.IGNORECASE)


def listed(desk: Desk, name: str) -> list[str]:
    """A setting that is a list of addresses, in lower case."""
    return [str(one).lower() for one in desk.settings.get(name, ())]


def why_not_theirs(letter: Letter, desk: Desk) -> str:
    """Why this mail cannot count as the party's; empty if it can."""
    if not letter.sender:
        return "it names no sender, or several"
    if not _is_known(letter.sender, [*listed(desk, "mail_to"), *listed(desk, "senders")]):
        return f"{letter.sender} is no address of this party"
    server = str(desk.settings.get("authserv_id", "")).lower()
    return _failed(letter.headers.get("authentication-results", ()), server) if server else ""


def _is_known(sender: str, known: Sequence[str]) -> bool:
    domain = sender.rpartition("@")[2]
    return sender in known or f"@{domain}" in known


def _failed(results: Sequence[str], server: str) -> str:
    own = next((line for line in results if _server(line) == server), None)
    if own is None:
        return f"{server} says nothing of its sender"
    said: dict[str, list[str]] = {}
    for method, result in _RESULT.findall(own):
        said.setdefault(method.lower(), []).append(result.lower())
    if "dmarc" in said:
        return "" if "pass" in said["dmarc"] else f"{server} found a false sender (dmarc={said['dmarc'][0]})"
    if "pass" in [*said.get("dkim", ()), *said.get("spf", ())]:
        return ""
    return f"{server} could not prove its sender"


def _server(line: str) -> str:
    return line.partition(";")[0].split()[0].lower() if line.partition(";")[0].split() else ""
