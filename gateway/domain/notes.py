"""The gateway's own words at a desk, in the desk's language. Facts are filled in; nothing here decides when to speak."""

_WORDS: dict[str, dict[str, str]] = {
    "accepted": {
        "en": "{who} accepted the assignment.",
        "ru": "{who}: назначение принято.",
        "it": "{who} ha accettato l'assegnazione.",
    },
    "declined": {
        "en": "{who} declined the assignment. Reason: {reason}",
        "ru": "{who}: назначение отклонено. Причина: {reason}",
        "it": "{who} ha rifiutato l'assegnazione. Motivo: {reason}",
    },
    "returned": {
        "en": "{who} returned the assignment. Reason: {reason}",
        "ru": "{who}: назначение возвращено. Причина: {reason}",
        "it": "{who} ha restituito l'assegnazione. Motivo: {reason}",
    },
    "expired": {
        "en": "{who} did not answer the offer in time.",
        "ru": "{who}: на предложение не ответили вовремя.",
        "it": "{who} non ha risposto all'offerta in tempo.",
    },
    "offer_lapsed": {
        "en": "This offer was not answered in time and has gone to somebody else.",
        "ru": "На предложение не ответили вовремя, оно передано другому исполнителю.",
        "it": "L'offerta non ha avuto risposta in tempo ed è passata ad altri.",
    },
    "withdrawn": {
        "en": "{who} withdrew this assignment. Reason: {reason}. Please acknowledge by closing the ticket.",
        "ru": "{who}: назначение отозвано. Причина: {reason}. Подтвердите, закрыв заявку.",
        "it": "{who} ha ritirato l'assegnazione. Motivo: {reason}. Confermare chiudendo il ticket.",
    },
    "pending": {
        "en": "{who} waits for an answer from you ({reason}). The ball is with you.",
        "ru": "{who} ждёт вашего ответа ({reason}). Мяч на вашей стороне.",
        "it": "{who} attende una vostra risposta ({reason}). La palla è a voi.",
    },
    "held": {
        "en": "{who} put the work on hold ({reason}).",
        "ru": "{who}: работа приостановлена ({reason}).",
        "it": "{who} ha sospeso il lavoro ({reason}).",
    },
    "resolved": {
        "en": "{who} reports the work as resolved. Please verify.",
        "ru": "{who}: работа выполнена. Проверьте результат.",
        "it": "{who} segnala il lavoro come risolto. Si prega di verificare.",
    },
    "resolution_rejected": {
        "en": "{who} did not accept the resolution. Reason: {reason}",
        "ru": "{who}: решение не принято. Причина: {reason}",
        "it": "{who} non ha accettato la soluzione. Motivo: {reason}",
    },
    "confirmed": {
        "en": "{who} confirmed the resolution.",
        "ru": "{who}: решение подтверждено.",
        "it": "{who} ha confermato la soluzione.",
    },
    "confirmed_by_time": {
        "en": "The resolution was not contested in time and counts as confirmed.",
        "ru": "Решение не оспорено в срок и считается подтверждённым.",
        "it": "La soluzione non è stata contestata in tempo e vale come confermata.",
    },
    "reopened": {
        "en": "{who} reopened the ticket. Reason: {reason}",
        "ru": "{who}: заявка открыта снова. Причина: {reason}",
        "it": "{who} ha riaperto il ticket. Motivo: {reason}",
    },
    "assigned": {
        "en": "{who}: assigned to {name}.",
        "ru": "{who}: исполнитель — {name}.",
        "it": "{who}: assegnato a {name}.",
    },
    "status_told": {
        "en": "The status on the other side is now “{status}”.",
        "ru": "Статус на другой стороне: «{status}».",
        "it": "Lo stato dall'altra parte è ora “{status}”.",
    },
    "unknown_value": {
        "en": "The value “{value}” of the field {field} is not known and was not passed on.",
        "ru": "Значение «{value}» поля {field} неизвестно и не передано.",
        "it": "Il valore “{value}” del campo {field} è sconosciuto e non è stato trasmesso.",
    },
    "unknown_address": {
        "en": "Nobody next to this ticket is called “{name}”; the comment was not passed on.",
        "ru": "Рядом с этой заявкой нет никого с именем «{name}»; комментарий не передан.",
        "it": "Nessuno accanto a questo ticket si chiama “{name}”; il commento non è stato trasmesso.",
    },
    "unknown_partner": {
        "en": "Nobody this can be passed on to is called “{name}”. There is: {known}.",
        "ru": "Нет никого с именем «{name}», кому это можно передать. Есть: {known}.",
        "it": "Nessuno a cui si possa passare si chiama “{name}”. C'è: {known}.",
    },
    "file_refused": {
        "en": "The file “{name}” was not passed on to {who}: the link takes no file of this kind or size.",
        "ru": "Файл «{name}» не передан ({who}): связь не пропускает файлы такого вида или размера.",
        "it": "Il file “{name}” non è stato trasmesso a {who}: il collegamento non accetta file di questo tipo o dimensione.",
    },
    "no_private_place": {
        "en": "{who} has no place for internal notes: something internal was not passed on.",
        "ru": "{who}: нет места для внутренних заметок, внутренняя запись не передана.",
        "it": "{who} non ha un posto per le note interne: qualcosa di interno non è stato trasmesso.",
    },
    "untitled": {
        "en": "Assignment from {who}",
        "ru": "Назначение от {who}",
        "it": "Assegnazione da {who}",
    },
    "fact": {
        "en": "{field}: {value}",
        "ru": "{field}: {value}",
        "it": "{field}: {value}",
    },
    "text_changed": {
        "en": "{who} changed the field {field}:\n\n{text}",
        "ru": "{who}: изменено поле {field}:\n\n{text}",
        "it": "{who} ha modificato il campo {field}:\n\n{text}",
    },
    "due_below": {
        "en": "{who} expects to be done by {value}.",
        "ru": "{who}: ожидаемый срок — {value}.",
        "it": "{who} prevede di finire entro {value}.",
    },
    "due_agreed": {
        "en": "Due by our agreement: {value}.",
        "ru": "Срок по нашему соглашению: {value}.",
        "it": "Scadenza secondo il nostro accordo: {value}.",
    },
    "needed_by": {
        "en": "{who} is needed to finish by {needed}, but their target ends {due}.",
        "ru": "{who}: результат нужен к {needed}, а срок по их соглашению — {due}.",
        "it": "Serve che {who} finisca entro {needed}, ma il loro termine scade {due}.",
    },
    "clock_warned": {
        "en": "{target}: {mark} of the agreed time has come; due {due}.",
        "ru": "{target}: наступил рубеж {mark} согласованного времени; срок — {due}.",
        "it": "{target}: raggiunta la soglia {mark} del tempo concordato; scadenza {due}.",
    },
    "clock_breached": {
        "en": "{target}: the agreed time was exceeded; it was due {due}.",
        "ru": "{target}: согласованное время превышено; срок был {due}.",
        "it": "{target}: tempo concordato superato; la scadenza era {due}.",
    },
    "above_at_risk": {
        "en": "There is a hurry: a target further up the chain is at risk.",
        "ru": "Срочно: под угрозой срок выше по цепочке.",
        "it": "Urgente: un termine più in alto nella catena è a rischio.",
    },
    "nobody_covers": {
        "en": "Nobody is left to offer this to: {why}. Back to the dispatcher.",
        "ru": "Предложить больше некому: {why}. Возвращено диспетчеру.",
        "it": "Nessun altro a cui offrirlo: {why}. Torna al dispatcher.",
    },
    "test": {
        "en": "This is a test: nothing real hangs on it. It is in no report and on no bill, and goes to nobody else's live desk.",
        "ru": "Это проверка, а не настоящая заявка: она не попадёт ни в отчёты, ни в счета, ни на рабочие линии других.",
        "it": "È una prova, non un lavoro vero: non entra in nessun rapporto né fattura e non passa ai desk in uso di altri.",
    },
    "route_refused": {
        "en": "Not passed on to {who}: {why}.",
        "ru": "Не передано {who}: {why}.",
        "it": "Non trasmesso a {who}: {why}.",
    },
    "not_carried": {
        "en": "Something could not be carried to {who}: {why}",
        "ru": "Не удалось передать {who}: {why}",
        "it": "Qualcosa non è stato trasmesso a {who}: {why}",
    },
    "left_out": {
        "en": "A {what} could not be carried here: {why}",
        "ru": "Сюда не удалось передать ({what}): {why}",
        "it": "Non è stato possibile trasmettere qui ({what}): {why}",
    },
    "duplicate": {
        "en": "{number} is a duplicate of this ticket, made by a late write; please close it.",
        "ru": "{number} — дубликат этой заявки, созданный запоздавшей записью; закройте его.",
        "it": "{number} è un duplicato di questo ticket, creato da una scrittura tardiva; va chiuso.",
    },
    "merged_next": {
        "en": "{who} merged its ticket into another one. Nothing is passed on there until somebody says which ticket it is.",
        "ru": "{who}: заявка объединена с другой. Туда ничего не передаётся, пока не укажут, какая это заявка.",
        "it": "{who} ha unito il proprio ticket a un altro. Non vi si trasmette nulla finché non si dice quale sia.",
    },
    "deleted_next": {
        "en": "The ticket at {who} is gone. Nothing is passed on there until somebody says which ticket it is.",
        "ru": "{who}: заявка удалена. Туда ничего не передаётся, пока не укажут, какая это заявка.",
        "it": "Il ticket presso {who} non c'è più. Non vi si trasmette nulla finché non si dice quale sia.",
    },
    "relinked_next": {
        "en": "The ticket at {who} is another one now; what is said there from now on is passed on.",
        "ru": "{who}: теперь это другая заявка; всё, что там скажут с этого момента, передаётся.",
        "it": "Il ticket presso {who} ora è un altro; ciò che vi si dirà da adesso viene trasmesso.",
    },
    "relinked_here": {
        "en": "This ticket is linked now in place of {was}: public comments from now on are passed on, what stood here is not.",
        "ru": "Эта заявка теперь связана вместо {was}: новые открытые комментарии передаются, прежние — нет.",
        "it": "Questo ticket è ora collegato al posto di {was}: i nuovi commenti pubblici vengono trasmessi, i precedenti no.",
    },
    "split_off": {
        "en": "{number} was split off or copied from this ticket. It is linked to nothing, and nothing of it is passed on.",
        "ru": "{number} отделена или скопирована от этой заявки. Она ни с чем не связана, из неё ничего не передаётся.",
        "it": "{number} è stato separato o copiato da questo ticket. Non è collegato a nulla e nulla ne viene trasmesso.",
    },
    "edited": {
        "en": "(edited) {text}",
        "ru": "(исправлено) {text}",
        "it": "(modificato) {text}",
    },
    "visit_planned": {
        "en": "{who} plans to come between {opens} and {closes}.",
        "ru": "{who}: выезд запланирован с {opens} до {closes}.",
        "it": "{who} prevede di intervenire tra {opens} e {closes}.",
    },
    "visit_missed": {
        "en": "{who} did not come in the agreed window.",
        "ru": "{who}: выезд в согласованное время не состоялся.",
        "it": "{who} non è intervenuto nella finestra concordata.",
    },
    "approval_requested": {
        "en": "{who} asks for your approval: {reason}",
        "ru": "{who} просит согласования: {reason}",
        "it": "{who} chiede la vostra approvazione: {reason}",
    },
    "approval_granted": {
        "en": "{who} approved. {reason}",
        "ru": "{who}: согласовано. {reason}",
        "it": "{who} ha approvato. {reason}",
    },
    "approval_refused": {
        "en": "{who} did not approve. Reason: {reason}",
        "ru": "{who}: не согласовано. Причина: {reason}",
        "it": "{who} non ha approvato. Motivo: {reason}",
    },
    "rating": {
        "en": "The requester rated the work: {value}.",
        "ru": "Оценка работы заявителем: {value}.",
        "it": "Valutazione del richiedente: {value}.",
    },
    "work_not_told": {
        "en": "{minutes} min logged here were not passed on: {why}.",
        "ru": "Записанное здесь время ({minutes} мин) не передано: {why}.",
        "it": "{minutes} min registrati qui non sono stati trasmessi: {why}.",
    },
    "related": {
        "en": "{who} relates their ticket to: {numbers}.",
        "ru": "{who}: заявка связана с: {numbers}.",
        "it": "{who} collega il proprio ticket a: {numbers}.",
    },
    "taken_back": {
        "en": "{who} took back a comment that stands here (written {at}); this desk can only remove it by hand.",
        "ru": "{who}: комментарий, который стоит здесь ({at}), отозван; удалить его здесь можно только вручную.",
        "it": "{who} ha ritirato un commento presente qui ({at}); questo desk può toglierlo solo a mano.",
    },
    "file_taken_back": {
        "en": "{who} took back a file that stands here (of {at}); please remove it by hand.",
        "ru": "{who}: файл, который стоит здесь ({at}), отозван; удалите его вручную.",
        "it": "{who} ha ritirato un file presente qui ({at}); toglierlo a mano.",
    },
    "work_logged": {
        "en": "{who} logged work: {what} ({at}). {text}\nTo accept or dispute: {line}",
        "ru": "{who}: записана работа — {what} ({at}). {text}\nПринять или оспорить: {line}",
        "it": "{who} ha registrato lavoro: {what} ({at}). {text}\nPer accettare o contestare: {line}",
    },
    "work_disputed": {
        "en": "{who} disputed work you logged: {what}. Reason: {reason} ({line})",
        "ru": "{who}: оспорена записанная вами работа — {what}. Причина: {reason} ({line})",
        "it": "{who} ha contestato lavoro da voi registrato: {what}. Motivo: {reason} ({line})",
    },
    "understood": {
        "en": "Understood: {status}.",
        "ru": "Понято: {status}.",
        "it": "Ricevuto: {status}.",
    },
    "conflict_lost": {
        "en": "{field}: {who} decides; “{value}” was replaced by “{kept}” ({conflict}).",
        "ru": "{field}: решает {who}; «{value}» заменено на «{kept}» ({conflict}).",
        "it": "{field}: decide {who}; “{value}” è stato sostituito da “{kept}” ({conflict}).",
    },
    "conflict_told": {
        "en": "{field}: {who} decides and has “{kept}”; “{value}” stays here only ({conflict}).",
        "ru": "{field}: решает {who}, там «{kept}»; «{value}» остаётся только здесь ({conflict}).",
        "it": "{field}: decide {who} e ha “{kept}”; “{value}” resta solo qui ({conflict}).",
    },
    "conflict_open": {
        "en": "{field}: “{value}” here, “{kept}” at {who}. Both stay until somebody decides ({conflict}).",
        "ru": "{field}: здесь «{value}», у {who} «{kept}». Оба остаются, пока кто-нибудь не решит ({conflict}).",
        "it": "{field}: qui “{value}”, presso {who} “{kept}”. Entrambi restano finché qualcuno decide ({conflict}).",
    },
    "conflict_insists": {
        "en": "{field}: a rule sets it again and again; “{value}” here, “{kept}” at {who}. It is left so until somebody decides ({conflict}).",
        "ru": "{field}: правило меняет его снова и снова; здесь «{value}», у {who} «{kept}». Так и останется, пока кто-нибудь не решит ({conflict}).",
        "it": "{field}: una regola lo reimposta di continuo; qui “{value}”, presso {who} “{kept}”. Resta così finché qualcuno decide ({conflict}).",
    },
    "conflict_decided": {
        "en": "{field}: somebody decided ({conflict}).",
        "ru": "{field}: решение принято ({conflict}).",
        "it": "{field}: qualcuno ha deciso ({conflict}).",
    },
    "conflict_swing": {
        "en": "{field}: rules here and at {who} answer each other. It is not passed on any more until a person changes it, or both are quiet for an hour ({conflict}).",
        "ru": "{field}: правила здесь и у {who} отвечают друг другу. Больше не передаётся, пока его не изменит человек или пока час не будет тихо ({conflict}).",
        "it": "{field}: le regole qui e presso {who} si rispondono a vicenda. Non viene più trasmesso finché non lo cambia una persona o non c'è un'ora di quiete ({conflict}).",
    },
    "status": {
        "en": "Status at {who}: {status}.",
        "ru": "Статус у {who}: {status}.",
        "it": "Stato presso {who}: {status}.",
    },
}

_STATUSES: dict[str, dict[str, str]] = {
    "accepted": {"en": "accepted", "ru": "принято", "it": "accettato"},
    "declined": {"en": "declined", "ru": "отказ", "it": "rifiutato"},
    "in_progress": {"en": "work has begun", "ru": "работа начата", "it": "lavoro iniziato"},
    "pending": {"en": "your question was passed on", "ru": "вопрос передан", "it": "domanda inoltrata"},
    "resolved": {"en": "done", "ru": "выполнено", "it": "fatto"},
}


def status_word(status: str, language: str) -> str:
    """What a person who moved a ticket by words is told it was moved to; of other statuses their own name."""
    words = _STATUSES.get(status, {})
    return words.get(language, words.get("en", status.replace("_", " ")))


def say(kind: str, language: str, **facts: str) -> str:
    """One sentence in `language` (English where it is not spoken). Raises KeyError for an unknown kind."""
    words = _WORDS[kind]
    return words.get(language, words["en"]).format(**{name: value or "–" for name, value in facts.items()})
