"""Mail that no person wrote: absence notes, list mail, delivery reports (RFC 3834, RFC 3464). It is never an order and
nothing answers it; every letter of ours says that it is automatic, so that others hold it alike."""

import re

from connectors.mail_desk.letter import Letter

_PRECEDENCE = frozenset({"bulk", "junk", "list", "auto_reply", "auto-reply"})
_MARKS = ("x-autoreply", "x-autorespond", "x-auto-reply", "list-id", "x-loop", "x-mail-autoreply")
_SUBJECT = re.compile(
    r"^(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response)|out of (?:the )?office|автоответ|автоматический ответ|"
    r"вне офиса|risposta automatica|fuori (?:sede|ufficio))\b",
    re.IGNORECASE,
)
_DAEMON = re.compile(r"^(?:mailer-daemon|postmaster)@", re.IGNORECASE)
_ACTION = re.compile(r"^action:\s*(\w+)", re.IGNORECASE | re.MULTILINE)
_DIAGNOSTIC = re.compile(r"^diagnostic-code:\s*(.+(?:\n[ \t].+)*)", re.IGNORECASE | re.MULTILINE)
_RECIPIENT = re.compile(
    r"^(?:final-recipient|x-failed-recipients):\s*(?:rfc822;)?\s*(\S+)", re.IGNORECASE | re.MULTILINE
)


def is_bounce(letter: Letter) -> bool:
    """A delivery report that says a letter will not arrive; one that says "later" is not."""
    if letter.kind == "multipart/report; delivery-status":
        return "failed" in {action.lower() for action in _ACTION.findall(letter.report)}
    return _is_from_nobody(letter) and "x-failed-recipients" in letter.headers


def bounce_says(letter: Letter) -> tuple[str, str]:
    """(recipient, the mail server's words) of a bounce, each on one line."""
    found, words = _RECIPIENT.search(letter.report), _DIAGNOSTIC.search(letter.report)
    recipient = found[1] if found else ""
    indented = [line.strip() for line in letter.text.split("\n") if line[:1] in (" ", "\t")]
    plain = next((line for line in indented if line and line != recipient), "")  # as Exim words it
    return recipient, " ".join((words[1] if words else plain).split())[:300]


def is_automatic(letter: Letter) -> bool:
    """Whether a program wrote it. RT marks every mail `Precedence: bulk`, a person's too; by `Auto-Submitted` it says which
    are its own."""
    submitted = letter.first("auto-submitted").lower().partition(";")[0].strip()
    if submitted not in ("", "no"):
        return True
    if letter.first("precedence").lower() in _PRECEDENCE and not _is_rts(letter):
        return True
    marked = any(name in letter.headers for name in _MARKS)
    return marked or _is_from_nobody(letter) or _SUBJECT.match(letter.subject) is not None


def _is_rts(letter: Letter) -> bool:
    """As Debian's RT 5.0.3 writes `X-Managed-By`, later ones `Managed-By`; seen 2026-11-22."""
    names = (letter.first("x-managed-by"), letter.first("managed-by"))
    return any(name.startswith("RT ") for name in names) and "x-rt-originator" in letter.headers


def _is_from_nobody(letter: Letter) -> bool:
    empty = "return-path" in letter.headers and letter.first("return-path").strip() == "<>"
    return empty or letter.kind.startswith("multipart/report") or _DAEMON.match(letter.sender) is not None
