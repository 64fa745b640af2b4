"""Signing in with a password. Whatever is wrong, it is told in the same words and takes as long: nobody learns which accounts there
are. Wrong tries are counted for an account at an address, and for an address; nobody can lock somebody else out."""

import hashlib
import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta

from gateway import passwords
from gateway.errors import InterdeskError, Invalid
from gateway.flows.accounts import written
from gateway.flows.context import OPERATOR, Context
from gateway.passwords import Cost
from gateway.store import accounts as store
from gateway.store.accounts import Account
from gateway.store.db import Db

TRIES, OF_ADDRESS = 10, 100
"""So many wrong ones within the time below: for one account from one address, and for one address in all."""
WITHIN = timedelta(minutes=15)


class TooMany(InterdeskError):
    """Too many tries from there: answer 429 and say when to come again."""

    code = "IDK-1409"


def by_password(
    context: Context, given: tuple[str, str], address: str, cost: Cost, *, now: datetime
) -> Account | None:
    """The account of (mail address, password); None if there is none such. Raises TooMany, before anything is compared."""
    email, password = given
    try:
        email = written(email)
    except Invalid:
        email = ""
    if count(context, tries(email, address), now=now):
        raise TooMany("too many tries from there", cure=f"try again in {WITHIN.seconds // 60} minutes")
    with context.database.read() as db:
        account = store.by_email(db, OPERATOR, email)
    usable = account is not None and account.disabled_at is None
    right = passwords.is_right(password, account.password if account and usable else None, cost)
    if not right or account is None:
        return None
    with context.database.write() as db:
        forget(db, email, address)
        store.take_try_back(db, _digest(_of_address(address)))
    return account


def tries(email: str, address: str) -> Mapping[str, int]:
    """What a try is counted for, and how often it may be."""
    return {f"{email}\n{network(address)}": TRIES, _of_address(address): OF_ADDRESS}


def _of_address(address: str) -> str:
    return f"\n{network(address)}"


def count(context: Context, tried: Mapping[str, int], *, now: datetime) -> list[str]:
    """One more for each of these; those of them that were too many within the time."""
    with context.database.write() as db:
        return [
            name
            for name, most in tried.items()
            if store.count_try(db, _digest(name), now=now, since=now - WITHIN) > most
        ]


def forget(db: Db, email: str, address: str) -> None:
    """Those of an account at an address were its owner's."""
    store.forget_tries(db, _digest(next(iter(tries(email, address)))))


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def network(address: str) -> str:
    """Of IPv6 the network: one household has 2**64 addresses."""
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{place}/64", strict=False)) if place.version == 6 else str(place)
