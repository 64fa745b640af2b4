"""The headers of every page: nothing is loaded, nothing is kept, nothing is framed, and no address travels on."""

import base64
import hashlib
from functools import cache
from pathlib import Path

_STYLE = Path(__file__).resolve().parent / "static" / "style.css"


@cache
def style() -> str:
    """The one style sheet; it stands in each page, so that a saved or printed page is whole."""
    return _STYLE.read_text(encoding="utf-8")


@cache
def headers(sheet: str | None = None) -> dict[str, str]:
    """For pages with their style sheet in them (this one, unless another is given), which the policy knows by its digest
    (CSP 3, 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256((sheet or style()).encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex, nofollow",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "vary": "Accept-Language, Authorization",
    }
