"""One file out of a mail, by its place in the walk over its parts (a mail in a mail is one file)."""

from email import message_from_bytes, policy
from email.message import Message

_DEEPEST = 20


def file_in(raw: bytes, number: int) -> bytes | None:
    """Its bytes, decoded; None where there is no such part or nothing that can be taken apart."""
    try:
        parts = _walk(message_from_bytes(raw, policy=policy.compat32), 0)
    except (RecursionError, LookupError, ValueError, TypeError, AttributeError):
        return None
    if not 0 <= number < len(parts):
        return None
    data = parts[number].get_payload(decode=True)
    if isinstance(data, bytes):
        return data
    inner = parts[number].get_payload()
    first = inner[0] if isinstance(inner, list) and inner else None
    return first.as_bytes() if isinstance(first, Message) else None


def _walk(message: Message, depth: int) -> list[Message]:
    inner = message.get_payload() if message.get_content_maintype() == "multipart" else None
    found = [message]
    if isinstance(inner, list) and depth < _DEEPEST:
        for part in inner:
            found += _walk(part, depth + 1) if isinstance(part, Message) else []
    return found
