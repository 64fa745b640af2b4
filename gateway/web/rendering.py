"""Templates, and the answer that a page is."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment

from gateway.export.templating import environment
from gateway.web import security
from gateway.words import LANGUAGES, Words

_TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def _environment() -> Environment:
    return environment(_TEMPLATES)


def page(template: str, words: Words, *, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page of that template."""
    known = {"words": words, "style": security.style(), "languages": LANGUAGES, "names": _names()}
    text = _environment().get_template(template).render(known | shown)
    return HTMLResponse(
        text, status_code=status, headers=security.headers() | {"content-language": words.language}
    )


@cache
def _names() -> dict[str, str]:
    """What each language calls itself."""
    return {language: Words(language)("lang.name") for language in LANGUAGES}


def refusal(words: Words, status: int) -> HTMLResponse:
    """401 without a key; 404 for whatever is not there: unknown, another's, expired or taken back, all alike."""
    answer = page("refused.html", words, status=status, code=status)
    if status == 401:
        answer.headers["www-authenticate"] = 'Bearer realm="interdesk"'
    return answer
