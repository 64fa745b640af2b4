"""Signing in with a password. Whatever is wrong, it is told in the same words and takes as long: nobody learns which accounts there
are. Tries are counted for an account at an address, and for an address; nobody can lock somebody else out."""

import hashlib
import ipaddress
from collections.abc import Iterator
from datetime import datetime, timedelta

from gateway import passwords
from gateway.errors import InterdeskError, Invalid
from gateway.flows.accounts import written
from gateway.flows.context import OPERATOR, Context
from gateway.passwords import Cost
from gateway.store import accounts as store
from gateway.store.accounts import Account

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
    counted = list(_counted(email, address))
    with context.database.write() as db:
        passed = [store.count_try(db, one, now=now, since=now - WITHIN) > most for one, most in counted]
    if any(passed):
        raise TooMany("too many tries from there", cure=f"try again in {WITHIN.seconds // 60} minutes")
    with context.database.read() as db:
        account = store.by_email(db, OPERATOR, email)
    usable = account is not None and account.disabled_at is None
    right = passwords.is_right(password, account.password if account and usable else None, cost)
    if not right or account is None:
        return None
    with context.database.write() as db:
        store.forget_tries(db, counted[0][0])
    return account


def _counted(email: str, address: str) -> Iterator[tuple[str, int]]:
    place = _network(address)
    for named, most in ((f"{email}\n{place}", TRIES), (f"\n{place}", OF_ADDRESS)):
        yield hashlib.sha256(named.encode("utf-8", "surrogatepass")).hexdigest(), most


def _network(address: str) -> str:
    """Of IPv6 the network: one household has 2**64 addresses."""
    try:
        place = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{place}/64", strict=False)) if place.version == 6 else str(place)
