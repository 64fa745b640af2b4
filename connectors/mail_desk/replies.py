"""What a person wrote in a reply, without what the mail program quoted, signed or added. English, Russian, Italian.

Line by line and never by a pattern over the whole text, so no reply takes long. Where in doubt a line is kept: a quote
too much in a comment harms less than a word lost.
"""

import re

LINE = "## ------ ##"
"""Stands in every letter of ours above what may be quoted."""

_WROTE = re.compile(
    r"^(?:on\b.{0,300}\bwrote|il\b.{0,300}\bha scritto|.{0,300}\b(?:пишет|написала?|написал\(а\)))\s*:?$",
    re.IGNORECASE,
)
_SAID = re.compile(r"^.{0,40}\b(?:19|20)\d\d\b.{0,40}\d{1,2}:\d\d.{0,200}[<@].{0,200}:$")
"""As Gmail writes it in Russian, without a verb: a date, a time, an address and a colon."""
_WROTE_BEGINS = re.compile(r"^(?:on|il(?: giorno)?)\s.{0,200}\d|^\d{1,2}[./ ].{0,200}[<@]", re.IGNORECASE)
_ORIGINAL = re.compile(
    r"^[-_ ]{2,}\s*(?:original message|forwarded message|исходное сообщение|пересылаемое сообщение|"
    r"messaggio originale|messaggio inoltrato)\s*[-_ ]{2,}$",
    re.IGNORECASE,
)
_HEADER = re.compile(r"^\*?(?:from|от|от кого|da)\*?:\*?\s", re.IGNORECASE)
_HEADER_NEXT = re.compile(
    r"^\*?(?:sent|date|to|subject|отправлено|дата|кому|тема|inviato|data|a|oggetto)\*?:\*?\s", re.IGNORECASE
)
_SENT_FROM = re.compile(
    r"^(?:sent from my |get outlook for |отправлено с |отправлено из |inviato da(?:l|lla)? (?:mio |mia )?i?\w+)",
    re.IGNORECASE,
)


def reply_in(text: str) -> str:
    """The words above the quote; of one who answers below or between the quoted lines, all that is not quoted."""
    lines = [line.rstrip()[:2000] for line in text.split("\n")]
    end = next((at for at in range(len(lines)) if _quote_begins(lines, at)), len(lines))
    above = _without_signature([line for line in lines[:end] if not line.startswith(">")])
    if above.strip():
        return above
    below = [line for line in lines[end:] if not line.startswith(">") and not _is_added(line)]
    return _without_signature(below) if any(line.startswith(">") for line in lines) else ""


def _is_added(line: str) -> bool:
    return bool(LINE in line or _WROTE.match(line) or _WROTE_BEGINS.match(line) or _ORIGINAL.match(line))


def _quote_begins(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if LINE in line or _WROTE.match(line) or _SAID.match(line) or _ORIGINAL.match(line):
        return True
    following = lines[at + 1 : at + 4]
    if _HEADER.match(line) and any(_HEADER_NEXT.match(one.strip()) for one in following):
        return True
    # "On … wrote:" that the mail program broke over lines
    if _WROTE_BEGINS.match(line):
        return any(
            _WROTE.match(" ".join([line, *(one.strip() for one in following[:upto])])) for upto in (1, 2)
        )
    return False


def _without_signature(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        if line in ("--", "-- ") or _SENT_FROM.match(line.strip()):
            break
        kept.append(line)
    return "\n".join(kept).strip()
