"""T25: passwords are kept by Argon2id, at a cost that grows with memory, and take as long where there is none."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway import passwords
from gateway.passwords import Cost

CHEAP = Cost(memory=64, passes=1, lanes=1)


def test_a_password_is_known_again_and_no_other() -> None:
    kept = passwords.kept("correct horse battery", CHEAP)
    assert kept.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert passwords.is_right("correct horse battery", kept, CHEAP)
    assert not passwords.is_right("correct horse batterz", kept, CHEAP)
    assert not passwords.is_right("", None, CHEAP)
    assert kept != passwords.kept("correct horse battery", CHEAP)


def test_t25_where_there_is_no_password_the_same_work_is_done() -> None:
    nobodys, somebodys = passwords._nobodys(CHEAP), passwords.kept("x" * 12, CHEAP)
    assert nobodys.split("$")[:4] == somebodys.split("$")[:4]
    assert [len(one) for one in nobodys.split("$")] == [len(one) for one in somebodys.split("$")]


@pytest.mark.timeout(20)
def test_t25_a_crowd_at_the_door_is_told_the_truth() -> None:
    cost = Cost(memory=256)
    kept = passwords.kept("correct horse battery", cost)
    words = ["correct horse battery", "correct horse batterz"] * 20
    with ThreadPoolExecutor(4) as crowd:
        assert list(crowd.map(lambda word: passwords.is_right(word, kept, cost), words)) == [True, False] * 20


def test_one_word_written_in_two_ways_is_one_password() -> None:
    kept = passwords.kept("cafe\u0301 cafe\u0301 cafe\u0301", CHEAP)
    assert passwords.is_right("caf\u00e9 caf\u00e9 caf\u00e9", kept, CHEAP)


def test_what_no_keyboard_writes_is_only_wrong() -> None:
    assert not passwords.is_right("\ud800", passwords.kept("x", CHEAP), CHEAP)


def test_the_cost_in_use_is_the_one_that_was_decided() -> None:
    assert passwords.kept("x", Cost()).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
