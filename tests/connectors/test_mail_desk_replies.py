"""What a person wrote in a reply and which of it is an order, as mail programs of three languages write it."""

import pytest

from connectors.mail_desk.orders import Does, orders_in
from connectors.mail_desk.replies import LINE, reply_in

QUOTES = {
    "gmail english": "On Sun, 22 Nov 2026 at 10:00, Interdesk <desk@gw.example> wrote:",
    "gmail english, broken": "On Sun, 22 Nov 2026 at 10:00, Interdesk with a very long name <desk+abc@gw.example>\nwrote:",
    "gmail russian": "вс, 22 нояб. 2026 г. в 10:00, Interdesk <desk@gw.example>:",
    "mail.ru": "Воскресенье, 22 ноября 2026, 10:00 +03:00 от Interdesk <desk@gw.example> пишет:",
    "thunderbird russian": "22.11.2026 10:00, Interdesk пишет:",
    "apple russian": "22 нояб. 2026 г., в 10:00, Interdesk <desk@gw.example> написал(а):",
    "gmail italian": "Il giorno dom 22 nov 2026 alle ore 10:00 Interdesk <desk@gw.example> ha scritto:",
    "thunderbird italian": "Il 22/11/26 10:00, Interdesk ha scritto:",
    "outlook english": "-----Original Message-----\nFrom: Interdesk",
    "outlook english, bare": "From: Interdesk <desk@gw.example>\nSent: Sunday, November 22, 2026 10:00",
    "outlook russian": "________________________________\nОт: Interdesk <desk@gw.example>\nОтправлено: 22 ноября 2026 г. 10:00",
    "outlook russian, long": "-----Исходное сообщение-----\nОт: Interdesk",
    "outlook italian": "Da: Interdesk <desk@gw.example>\nInviato: domenica 22 novembre 2026 10:00\nOggetto: job",
    "our own line": f"{LINE} Please write above this line",
}


@pytest.mark.parametrize("name", QUOTES)
def test_what_stands_above_the_quote_counts(name: str) -> None:
    marked = f"Accept.\n\nWe come at 3.\n\n{QUOTES[name]}\n> A job is offered\n> done\n"
    bare = f"Accept.\n\nWe come at 3.\n\n{QUOTES[name]}\nA job is offered\n"

    assert reply_in(marked).startswith("Accept.\n\nWe come at 3.")
    assert "offered" not in reply_in(marked) + reply_in(bare)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("> A job\n> is offered\n\naccept\n", "accept"),
        (
            "On Sun, 22 Nov 2026 at 10:00, X wrote:\n> which till?\nTill 4.\n> and when?\nAt 3.",
            "Till 4.\nAt 3.",
        ),
        ("done\n-- \nAda Tech\nFirm", "done"),
        ("done\n\nSent from my iPhone", "done"),
        ("готово\n\nОтправлено с iPhone", "готово"),
        ("fatto\n\nInviato da iPhone", "fatto"),
        ("On site we found water.\nMore later.", "On site we found water.\nMore later."),
        ("", ""),
        (f"{LINE}\nAll of it quoted", ""),
    ],
)
def test_what_is_not_quoted_counts(text: str, reply: str) -> None:
    assert reply_in(text) == reply


@pytest.mark.parametrize(
    ("text", "does"),
    [
        ("accept", [Does.ACCEPT]),
        ("ACCEPTED!", [Does.ACCEPT]),
        ("Hi,\n\naccept", [Does.ACCEPT]),
        ("Добрый день!\nПринято.", [Does.ACCEPT]),
        ("Buongiorno,\naccetto", [Does.ACCEPT]),
        ("берём", [Does.ACCEPT]),
        ("decline because we are full", [Does.DECLINE]),
        ("Отказ: нет запчастей", [Does.DECLINE]),
        ("отклоняю, так как нет людей", [Does.DECLINE]),
        ("rifiuto perché non abbiamo tempo", [Does.DECLINE]),
        ("decline", [Does.DECLINE]),
        ("on site", [Does.ON_SITE]),
        ("On-site.", [Does.ON_SITE]),
        ("на месте", [Does.ON_SITE]),
        ("sul posto", [Does.ON_SITE]),
        ("done", [Does.DONE]),
        ("Done: new power supply", [Does.DONE]),
        ("готово!", [Does.DONE]),
        ("fatto", [Does.DONE]),
        ("question which door?", [Does.QUESTION]),
        ("вопрос: какая дверь?", [Does.QUESTION]),
        ("domanda quale porta?", [Does.QUESTION]),
        ("question:\nwhich door?", [Does.QUESTION]),
        ("accept\non site", [Does.ACCEPT, Does.ON_SITE]),
        ("- done", [Does.DONE]),
        ("2h30 on site", [Does.WORKED]),
        ("2ч30 на месте", [Does.WORKED]),
        ("2 h 30 min in loco", [Does.WORKED]),
        ("150 min", [Does.WORKED]),
        ("pass to quick", [Does.PASS_ON]),
        ("Передать: quick", [Does.PASS_ON]),
        ("passa a Quick Hands.", [Does.PASS_ON]),
        ("pass the salt", []),
        ("done and dusted", []),
        ("готово не всё", []),
        ("fatto male", []),
        ("accepted by whom?", []),
        ("10:30", []),
        ("on site tomorrow", []),
        ("questionable", []),
        ("0h", []),
        ("99h", []),
    ],
)
def test_orders_are_recognised_and_never_guessed(text: str, does: list[Does]) -> None:
    assert [order.does for order in orders_in(text)[0]] == does


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2h30 on site", 150),
        ("2h", 120),
        ("45 min", 45),
        ("2:15 on site", 135),
        ("1 час 5 мин", 65),
        ("3 ore", 180),
    ],
)
def test_time_worked_is_counted(text: str, minutes: int) -> None:
    assert [order.minutes for order in orders_in(text)[0]] == [minutes]


def test_what_follows_the_orders_is_kept_word_for_word() -> None:
    orders, rest = orders_in("accept\n\nWe come at 3.\nAsk for Ada.")

    assert ([one.does for one in orders], rest) == ([Does.ACCEPT], "We come at 3.\nAsk for Ada.")


@pytest.mark.parametrize("text", ["Pass on to Quick Hands.", "Passa a: quick hands", "передать quick hands"])
def test_to_whom_it_is_passed_on_is_named_without_the_dot(text: str) -> None:
    [order] = orders_in(text)[0]

    assert (order.to.casefold(), order.text) == ("quick hands", text)
