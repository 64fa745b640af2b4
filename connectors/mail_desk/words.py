"""What the party reads, in its language (English, Russian, Italian; English where another is set)."""

from collections.abc import Mapping

_WORDS: Mapping[str, Mapping[str, str]] = {
    "offer": {
        "en": "A job is offered to you. Please answer this mail.",
        "ru": "Вам предлагается заявка. Пожалуйста, ответьте на это письмо.",
        "it": "Le viene offerto un intervento. Risponda a questa e-mail.",
    },
    "update": {
        "en": "The job has changed:",
        "ru": "Заявка изменена:",
        "it": "L'intervento è stato modificato:",
    },
    "file": {
        "en": "A file for you is enclosed: {name}",
        "ru": "Во вложении файл для вас: {name}",
        "it": "In allegato un file per lei: {name}",
    },
    "orders": {
        "en": "Answer with one of these as the first line; anything else is passed on as a comment:\n"
        "  accept\n  decline because …\n  on site\n  2h30 on site\n  question …\n  done",
        "ru": "Ответьте одной из этих строк; всё остальное передаётся как комментарий:\n"
        "  принято\n  отказ: …\n  на месте\n  2ч30 на месте\n  вопрос …\n  готово",
        "it": "Risponda con una di queste parole nella prima riga; tutto il resto viene inoltrato come commento:\n"
        "  accetto\n  rifiuto perché …\n  sul posto\n  2h30 sul posto\n  domanda …\n  fatto",
    },
    "above": {
        "en": "Please write above this line",
        "ru": "Пишите выше этой строки",
        "it": "Scriva sopra questa riga",
    },
    "job": {"en": "Job", "ru": "Заявка", "it": "Intervento"},
    "title": {"en": "Title", "ru": "Тема", "it": "Titolo"},
    "description": {"en": "Description", "ru": "Описание", "it": "Descrizione"},
    "status": {"en": "Status", "ru": "Статус", "it": "Stato"},
    "priority": {"en": "Priority", "ru": "Приоритет", "it": "Priorità"},
    "due": {"en": "Due", "ru": "Срок", "it": "Scadenza"},
    "site": {"en": "Site", "ru": "Объект", "it": "Sede"},
    "asset": {"en": "Equipment", "ru": "Оборудование", "it": "Apparecchiatura"},
    "service": {"en": "Service", "ru": "Услуга", "it": "Servizio"},
}
_VALUES: Mapping[str, Mapping[str, str]] = {
    "offered": {"ru": "предложена", "it": "offerto"},
    "accepted": {"ru": "принята", "it": "accettato"},
    "in progress": {"ru": "в работе", "it": "in lavorazione"},
    "on site": {"ru": "на месте", "it": "sul posto"},
    "question": {"ru": "ждёт ответа", "it": "in attesa di risposta"},
    "on hold": {"ru": "приостановлена", "it": "sospeso"},
    "done": {"ru": "выполнена", "it": "fatto"},
    "closed": {"ru": "закрыта", "it": "chiuso"},
    "declined": {"ru": "отклонена", "it": "rifiutato"},
    "cancelled": {"ru": "отменена", "it": "annullato"},
    "critical": {"ru": "критический", "it": "critica"},
    "high": {"ru": "высокий", "it": "alta"},
    "medium": {"ru": "средний", "it": "media"},
    "low": {"ru": "низкий", "it": "bassa"},
}


def say(what: str, language: str, **facts: str) -> str:
    """A sentence or a label; of a field nobody has a word for, its name."""
    words = _WORDS.get(what, {})
    return words.get(language, words.get("en", what)).format(**facts)


def value(text: str, language: str) -> str:
    """One of this desk's own words as its reader says it."""
    return _VALUES.get(text, {}).get(language, text)
