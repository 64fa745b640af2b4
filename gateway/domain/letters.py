"""Plain mails about clocks and neglected jobs, in the reader's language and time. Each names what it is about, what is due
and what the reader can do; no text of a ticket stands in one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.domain.model import Contact, Hop
from gateway.domain.model.change import replace

ADMIN = "admin"
"""In the place of an address: whoever runs this installation, known to the mailer."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail. `message_id` stays the same at every try. `state`: `pending`, `sending`, `sent`, `refused` or `dropped` (what
    it warned of is over)."""

    id: str
    org_id: str
    ticket_id: str
    warning_id: str
    message_id: str
    contact: str
    address: str
    subject: str
    body: str
    created_at: datetime
    next_at: datetime
    state: str = "pending"
    attempts: int = 0
    fence: int = 0
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    error: str = ""
    enclosure: str = ""
    """A published report and the format it is enclosed in, `pub_…:pdf`; it is written when the letter leaves."""


@dataclass(frozen=True, kw_only=True)
class Enclosure:
    """A file in a letter."""

    name: str
    media_type: str
    content: bytes


class Post(StrEnum):
    """What became of one try."""

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"


class Posted(NamedTuple):
    """What a mail server made of a letter, in its words where it did not take it."""

    post: Post
    words: str = ""


STALE = timedelta(hours=24)
"""So late a warning is of no use to anybody."""
TRIES = 50
"""So many tries take about a day."""
_PATIENCE = 14
"""So many times longer a report is tried: late it is of use too."""
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(minutes=30)


def is_stale(letter: Letter, now: datetime) -> bool:
    """Whether it waited so long for a mail server that nobody is to get it any more."""
    return now - letter.next_at > STALE * _patience(letter)


def _patience(letter: Letter) -> int:
    return _PATIENCE if letter.enclosure else 1


def dropped(letter: Letter) -> Letter:
    """A letter that is not sent."""
    return replace(letter, state="dropped", lease_until=None, error="nobody took it for too long")


def after(letter: Letter, posted: Posted, now: datetime) -> Letter:
    """A claimed letter after a try: tried again at growing intervals for a day, then given up."""
    done = replace(letter, lease_until=None, error=posted.words)
    if posted.post is Post.SENT:
        return replace(done, state="sent", sent_at=now)
    if posted.post is Post.REFUSED or letter.attempts >= TRIES * _patience(letter):
        return replace(done, state="refused")
    return replace(
        done, state="pending", next_at=now + min(_FIRST * 2 ** min(letter.attempts - 1, 10), _LONGEST)
    )


_SUBJECTS: Mapping[str, Mapping[str, str]] = {
    "clock": {
        "en": "{mark} of the {target} target used: ticket {number}",
        "ru": "Использовано {mark} срока ({target}): заявка {number}",
        "it": "Usato il {mark} del tempo di {target}: ticket {number}",
    },
    "before": {
        "en": "{mark} left of the {target} target: ticket {number}",
        "ru": "До конца срока ({target}) осталось {mark}: заявка {number}",
        "it": "Restano {mark} del tempo di {target}: ticket {number}",
    },
    "breach": {
        "en": "{target} target missed: ticket {number}",
        "ru": "Срок нарушен ({target}): заявка {number}",
        "it": "Tempo di {target} superato: ticket {number}",
    },
    "below": {
        "en": "There is a hurry: ticket {number}",
        "ru": "Срочно: заявка {number}",
        "it": "Urgente: ticket {number}",
    },
    "unaccepted": {
        "en": "Nobody has taken this up for {minutes} min: ticket {number}, top priority",
        "ru": "Никто не принял за {minutes} мин: заявка {number}, высший приоритет",
        "it": "Nessuno l'ha preso in carico da {minutes} min: ticket {number}, priorità massima",
    },
    "undelivered": {
        "en": "Not delivered to {who} for {minutes} min: ticket {number}, top priority",
        "ru": "Не доставлено ({who}) уже {minutes} мин: заявка {number}, высший приоритет",
        "it": "Non consegnato a {who} da {minutes} min: ticket {number}, priorità massima",
    },
    "agreement": {
        "en": "Agreement {agreement} ends in {days} days, on {end}",
        "ru": "Соглашение {agreement} заканчивается через {days} дн., {end}",
        "it": "L'accordo {agreement} scade fra {days} giorni, il {end}",
    },
    "link_checks": {
        "en": "Link {link}: a check of your desk fails",
        "ru": "Связь {link}: проверка вашей системы не проходит",
        "it": "Collegamento {link}: un controllo del vostro sistema non riesce",
    },
    "webhook_ended": {
        "en": "Webhook {webhook} is disabled",
        "ru": "Вебхук {webhook} отключён",
        "it": "Webhook {webhook} disattivato",
    },
    "report": {
        "en": "Report: {title}",
        "ru": "Отчёт: {title}",
        "it": "Report: {title}",
    },
}
_BODIES: Mapping[str, Mapping[str, str]] = {
    "clock": {
        "en": "Ticket {number} is due {due} (agreement {agreement}). It is with {holder}.\n{url}",
        "ru": "Срок заявки {number}: {due} (соглашение {agreement}). Сейчас у: {holder}.\n{url}",
        "it": "Il ticket {number} scade {due} (accordo {agreement}). Ora è presso {holder}.\n{url}",
    },
    "below": {
        "en": "A target further up the chain is at risk. Ticket {number} is with {holder}; please go on with it.\n{url}",
        "ru": "Под угрозой срок выше по цепочке. Заявка {number} сейчас у: {holder}; просим продолжить работу.\n{url}",
        "it": "Un termine più in alto nella catena è a rischio. Il ticket {number} è presso {holder}; si prega di proseguire.\n{url}",
    },
    "page": {
        "en": "Offered to {who} at {since}. Accept it at your desk, or see that somebody does; this goes on to the next contact every 5 minutes.\nTo stop it: interdesk warnings acknowledge {warning}\n{url}",
        "ru": "Передано ({who}) в {since}. Примите заявку в своей системе или позаботьтесь об этом; каждые 5 минут оповещается следующий контакт.\nОстановить: interdesk warnings acknowledge {warning}\n{url}",
        "it": "Offerto a {who} alle {since}. Accettarlo nel proprio sistema o fare in modo che qualcuno lo faccia; ogni 5 minuti si passa al contatto successivo.\nPer fermarlo: interdesk warnings acknowledge {warning}\n{url}",
    },
    "link_checks": {
        "en": "Tickets over {link} go on as far as they can. What fails, and what to do:\n{lines}",
        "ru": "Заявки по связи {link} идут, насколько возможно. Что не проходит и что делать:\n{lines}",
        "it": "I ticket su {link} proseguono per quanto possibile. Che cosa non riesce, e che cosa fare:\n{lines}",
    },
    "webhook_ended": {
        "en": "Nothing is sent to {url} any more: {why}. What happens meanwhile is kept for 30 days and sent once you resume it: interdesk webhooks resume {webhook}",
        "ru": "На {url} больше ничего не отправляется: {why}. События хранятся 30 дней и будут отправлены после возобновления: interdesk webhooks resume {webhook}",
        "it": "A {url} non si invia più nulla: {why}. Ciò che accade intanto è conservato 30 giorni e inviato alla ripresa: interdesk webhooks resume {webhook}",
    },
    "agreement_ends": {
        "en": "Agreement {agreement} between {provider} and {consumer} ends on {end}. Without a renewal nothing is promised from the day after. Please agree on its renewal or on its end.",
        "ru": "Соглашение {agreement} ({provider} – {consumer}) действует до {end}. Без продления со следующего дня обязательств нет. Просим согласовать продление или прекращение.",
        "it": "L'accordo {agreement} fra {provider} e {consumer} scade il {end}. Senza rinnovo, dal giorno dopo nulla è più garantito. Si prega di concordarne il rinnovo o la fine.",
    },
    "agreement_goes_on": {
        "en": "Agreement {agreement} between {provider} and {consumer} ends on {end}. Without a renewal work goes on under its last terms, and reports mark it so. Please agree on its renewal or on its end.",
        "ru": "Соглашение {agreement} ({provider} – {consumer}) действует до {end}. Без продления работа идёт на прежних условиях с пометкой в отчётах. Просим согласовать продление или прекращение.",
        "it": "L'accordo {agreement} fra {provider} e {consumer} scade il {end}. Senza rinnovo il lavoro prosegue alle ultime condizioni, e i rapporti lo segnalano. Si prega di concordarne il rinnovo o la fine.",
    },
    "report": {
        "en": "{title}\n\n{headlines}\n\nEnclosed: version {version}, data as of {at}. It stays as it is; a late fact makes a new version with its difference.\nTo get no more of these: interdesk report schedule remove {schedule}",
        "ru": "{title}\n\n{headlines}\n\nВо вложении: версия {version}, данные на {at}. Она не меняется; поздний факт даёт новую версию с отличиями.\nБольше не получать: interdesk report schedule remove {schedule}",
        "it": "{title}\n\n{headlines}\n\nIn allegato: versione {version}, dati aggiornati al {at}. Non cambia più; un fatto tardivo crea una nuova versione con le differenze.\nPer non riceverne altri: interdesk report schedule remove {schedule}",
    },
    "no_report": {
        "en": "There is no report for {period}: {why}.\nTo get no more of these: interdesk report schedule remove {schedule}",
        "ru": "Отчёта за период {period} нет: {why}.\nБольше не получать: interdesk report schedule remove {schedule}",
        "it": "Non c'è nessun report per {period}: {why}.\nPer non riceverne altri: interdesk report schedule remove {schedule}",
    },
}
_TARGETS: Mapping[str, Mapping[str, str]] = {
    "response": {"ru": "реакция", "it": "risposta"},
    "acceptance": {"ru": "принятие", "it": "accettazione"},
    "attendance": {"en": "time to attend", "ru": "прибытие", "it": "intervento sul posto"},
    "restoration": {
        "en": "temporary restoration",
        "ru": "временное восстановление",
        "it": "ripristino provvisorio",
    },
    "resolution": {"ru": "решение", "it": "risoluzione"},
    "update": {"ru": "обновление", "it": "aggiornamento"},
}


def subject(kind: str, language: str, **facts: str) -> str:
    """One line. Raises KeyError for an unknown kind."""
    return _say(_SUBJECTS[kind], language, facts)


def body(kind: str, language: str, **facts: str) -> str:
    """The text. Raises KeyError for an unknown kind."""
    return _say(_BODIES[kind], language, facts).rstrip() + "\n"


def _say(words: Mapping[str, str], language: str, facts: Mapping[str, str]) -> str:
    return words.get(language, words["en"]).format(**{name: value or "–" for name, value in facts.items()})


def target_word(kind: str, language: str) -> str:
    """What people call a kind of target."""
    return _TARGETS.get(kind, {}).get(language, kind)


def at(moment: datetime | None, zone: str) -> str:
    """A moment as its reader's clock shows it, to the minute, with the zone; cut, so that nothing is shown too late."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}" if moment is not None else ""


def number_of(hop: Hop | None) -> str:
    """What a reader calls the ticket: its number at his own desk."""
    return (hop.number or hop.remote_id or hop.id) if hop is not None else ""


def message_id(event_id: str, contact: Contact | None) -> str:
    """The same for the same news to the same reader."""
    return f"<{event_id}.{contact.id if contact is not None else ADMIN}@interdesk>"
