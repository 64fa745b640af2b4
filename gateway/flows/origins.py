"""Whether a browser was sent here by a page of another site (T19): read from the headers that no page can set, Sec-Fetch-Site
(Fetch Metadata) or, in older browsers, Origin. As Go 1.25's CrossOriginProtection decides it."""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def is_ours(method: str, headers: Mapping[str, str]) -> bool:
    """Whether the request may do something in the name of whoever is signed in. Names of headers are in small letters. What is no
    browser sends neither header, and no cookie that it was not given."""
    if method in SAFE:
        return True
    site = headers.get("sec-fetch-site", "")
    if site:
        return site in {"same-origin", "none"}
    origin = headers.get("origin", "")
    return not origin or urlsplit(origin).netloc == headers.get("host", "")
