"""What a party can do by a reply: accept, decline because …, on site, done, 2h30 on site, question …, pass to …, in three
languages.

An order is a line of its own at the head of the reply (a greeting may stand before it). Tolerant of case, dots and
bullets; never guessing: a line that goes on like a sentence ("done with the first part") is a comment.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Does(StrEnum):
    """What an order means."""

    ACCEPT = "accept"
    DECLINE = "decline"
    ON_SITE = "on site"
    DONE = "done"
    QUESTION = "question"
    WORKED = "worked"
    PASS_ON = "pass on"  # noqa: S105 - two words of an order


@dataclass(frozen=True, kw_only=True)
class Order:
    """`text` is the reason, the question, the worked time or whom to pass it to as it was written; `minutes` only of WORKED,
    `to` only of PASS_ON."""

    does: Does
    text: str = ""
    minutes: int = 0
    to: str = ""


_END = r"\s*[.!]*"
_ALONE = {
    Does.ACCEPT: "accept|accepted|i accept|we accept|принято|принимаю|принимаем|принять|берем|беру|accetto|accettato|accettiamo",
    Does.ON_SITE: "on[ -]?site|arrived|на месте|на объекте|прибыли?|прибыл на место|sul posto|in loco|arrivat[oi]",
    Does.DONE: "done|fixed|resolved|completed|готово|выполнено|сделано|решено|fatto|risolto|completato|finito",
}
_DECLINE = "decline|declined|i decline|we decline|отклоняю|отклоняем|отклонить|отклонено|отказ|rifiuto|rifiutato|rifiutiamo|declino"
_BECAUSE = "because(?: of)?|так как|потому что|поскольку|по причине|perch[eé]|a causa di|in quanto"
_QUESTION = "question|вопрос|domanda"
_ONWARD = (
    "pass(?: it)?(?: on)? to|hand(?: it)? on to|передать|передаю|передаем|passa(?:re)? a|affida(?:re)? a"
)
_HOURS, _MINUTES = "h|hrs?|hours?|ч|час(?:а|ов)?|ore|ora", "m|min|mins|minutes?|мин|минуты?|минут|minuti"
_PLACE = "on[ -]?site|на месте|на объекте|sul posto|in loco"


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_WORDS = [
    (does, _pattern(rf"(?:{words}){_END}(?:\s*[:–—]\s*(?P<text>\S.*)?)?")) for does, words in _ALONE.items()
]
_DECLINES = _pattern(rf"(?:{_DECLINE})(?:{_END}|\s*,?\s*(?:{_BECAUSE}|[:–—-])\s*(?P<text>\S.*))")
_ASKS = _pattern(rf"(?:{_QUESTION})\s*[:–—-]?\s+(?P<text>\S.*)|(?:{_QUESTION})[:?]\s*(?P<rest>\S.*)?")
_PASSES = _pattern(rf"(?:{_ONWARD})\s*:?\s+(?P<text>[\w.&'-]{{1,64}}(?: [\w.&'-]{{1,64}}){{0,3}}?){_END}")
_WORKS = _pattern(
    rf"(?:(?P<h>\d{{1,2}})\s*(?:{_HOURS})\.?\s*(?:(?P<hm>\d{{1,2}})\s*(?:{_MINUTES})?\.?)?|(?P<m>\d{{1,3}})\s*(?:{_MINUTES})\.?"
    rf"|(?P<c>\d{{1,2}}):(?P<cm>\d\d))\s*(?P<place>{_PLACE})?{_END}"
)
_GREETING = _pattern(
    r"(?:hi|hello|dear|good (?:morning|day|afternoon|evening)|здравствуйте|добрый (?:день|вечер)|доброе утро|привет|"
    r"ciao|salve|buongiorno|buonasera|gentil[ei])\b[^.:?]{0,40}[,.!:]*"
)


def orders_in(reply: str) -> tuple[list[Order], str]:
    """The orders at the head of a reply, and the words after them."""
    lines = reply.split("\n")
    found: list[Order] = []
    at = 0
    while at < len(lines):
        line = lines[at].strip().lstrip("*•-–—> ").rstrip()[:1000]
        order = _order(line) if line else None
        if order is not None:
            found.append(order)
        elif line and not (not found and _GREETING.fullmatch(line)):
            break
        at += 1
    rest = "\n".join(lines[at:]).strip()
    if not found:
        return [], reply.strip()
    if found[-1].does is Does.QUESTION and not found[-1].text:
        return (found, "") if not rest else ([*found[:-1], Order(does=Does.QUESTION, text=rest)], "")
    return found, rest


def _order(line: str) -> Order | None:
    line = line.replace("ё", "е").replace("Ё", "Е") if _is_short(line) else line
    for does, pattern in _WORDS:
        if found := pattern.fullmatch(line):
            return Order(does=does, text=found["text"] or "")
    if found := _DECLINES.fullmatch(line):
        return Order(does=Does.DECLINE, text=found["text"] or "")
    if found := _ASKS.fullmatch(line):
        return Order(does=Does.QUESTION, text=found["text"] or found["rest"] or "")
    if found := _PASSES.fullmatch(line):
        return Order(does=Does.PASS_ON, text=line, to=found["text"].rstrip(".!"))
    found = _WORKS.fullmatch(line)
    return _worked(found, line) if found else None


def _is_short(line: str) -> bool:
    return len(line) < 40


def _worked(found: re.Match[str], line: str) -> Order | None:
    hours, minutes = found["h"] or found["c"] or "0", found["hm"] or found["m"] or found["cm"] or "0"
    total = int(hours) * 60 + int(minutes)
    if total == 0 or total > 24 * 60 or (found["c"] is not None and not found["place"]):
        return None  # "10:30" alone is a time of day
    return Order(does=Does.WORKED, text=line, minutes=total)
