"""`/portal/{token}`: what a link from a mail of the portal would do. GET only tells and asks, for mail scanners open links;
POST does it, once, in a browser that the reader acts with; a new one is asked for digits. A link that was used, has ended or comes too late says so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from gateway import keys
from gateway.blobs import BlobStore
from gateway.domain.in_house import DeskTicket
from gateway.domain.portal import LONGEST_NAME, LONGEST_TEXT, NEEDS_TEXT, Act, Doing, missing, state_of
from gateway.errors import Refused
from gateway.flows.portal import acting, browsers
from gateway.flows.portal.acting import Shown, Standing
from gateway.flows.portal.browsers import Coming
from gateway.flows.portal.browsers import Wanted as NewBrowser
from gateway.store.db import Db
from gateway.web import forms
from gateway.web.asking import AnyWanted, Wanted
from gateway.web.forms import Form, TooLarge, Unformed, Upload
from gateway.web.parlour import AnyParlour, Parlour
from gateway.web.rendering import page, refusal
from gateway.words import Words

router = APIRouter()
_WORDS_ONLY = 200_000
"""Bytes of a form without a file."""


@dataclass(frozen=True, kw_only=True)
class _Came:
    """What is to be remembered of a browser, the cookie that it keeps from now on ("": as it is), and what it is asked for first
    (a key of `portal.lacks`)."""

    wanted: NewBrowser | None = None
    cookie: str = ""
    question: str = ""


@router.get("/portal/{token}")
def asked(here: AnyParlour, token: str, asked: AnyWanted) -> HTMLResponse:
    """What would happen, and a form that makes it happen."""
    seen = acting.shown(here.context, token, now=here.now())
    if seen is None:
        return refusal(asked.words(), 404)
    return _page(seen, asked.words(seen.link.language))


async def _filled(
    request: Request,
    here: AnyParlour,
    token: str,
    content_type: Annotated[str, Header(alias="content-type")] = "",
) -> Form | str:
    """The form, or the key of what is wrong with it; nothing is read for a link that does nothing."""
    seen = await run_in_threadpool(acting.shown, here.context, token, now=here.now())
    if seen is None or seen.standing is not Standing.GOOD:
        return "form"
    limit = here.most_bytes if content_type.lower().startswith("multipart/") else _WORDS_ONLY
    try:
        return forms.read(content_type, await forms.whole(request.stream(), limit))
    except TooLarge:
        return "size"
    except Unformed:
        return "form"


@router.post("/portal/{token}")
async def done(
    request: Request,
    here: AnyParlour,
    token: str,
    asked: AnyWanted,
    form: Annotated[Form | str, Depends(_filled)],
) -> HTMLResponse:
    """Do it."""
    return await run_in_threadpool(_done, request, here, token, (asked, form))


def _done(request: Request, here: Parlour, token: str, what: tuple[Wanted, Form | str]) -> HTMLResponse:
    asked, form = what
    now = here.now()
    seen = acting.shown(here.context, token, now=now)
    if seen is None:
        return refusal(asked.words(), 404)
    words = asked.words(seen.link.language)
    if seen.standing is not Standing.GOOD:
        return _page(seen, words)
    if isinstance(form, str):
        return _page(seen, words, lacks=words(f"portal.lacks.{form}", **_limit(here, form)), status=422)
    filled = _fields(here, seen, form)
    lacking = missing(_act(seen, filled))
    if lacking:
        return _page(seen, words, lacks=words(f"portal.lacks.{lacking}"), filled=filled, status=422)
    came = _browser(request, here, seen, form.texts.get("code", ""))
    if came.question:
        shown = words(f"portal.lacks.{came.question}")
        return _page(seen, words, lacks=shown, filled={**filled, "code": True}, status=422)
    return _followed(here, (seen, token), filled, came, words)


def _followed(
    here: Parlour,
    which: tuple[Shown, str],
    filled: Mapping[str, Any],
    came: _Came,
    words: Words,
) -> HTMLResponse:
    seen, token = which
    try:
        acted = acting.follow(
            here.context, seen, filled, now=here.now(), before=_remembering(here, seen, came.wanted)
        )
    except Refused:  # the job moved on while the page stood open
        acted = None
    if acted is None:
        again = acting.shown(here.context, token, now=here.now()) or seen
        return _page(again, words, lacks=words("portal.lacks.meanwhile"), filled=filled, status=409)
    gaps = {"number": acted.job.number, "state": _state(acted.job, words)}
    answer = _told(words, "portal.thanks", gaps, 200)
    if came.cookie:
        lasts = int(browsers.LASTS.total_seconds())
        answer.set_cookie(
            browsers.COOKIE, came.cookie, max_age=lasts, secure=True, httponly=True, samesite="lax"
        )
    return answer


def _browser(request: Request, here: Parlour, seen: Shown, digits: str) -> _Came:
    """Who comes. Where browsers would not keep the cookie, because pages come without TLS, nobody is asked."""
    cookie, now = request.cookies.get(browsers.COOKIE, ""), here.now()
    if not here.address.startswith("https://"):
        return _Came()
    coming = browsers.coming(here.context, seen, cookie, now=now)
    agent = request.headers.get("user-agent", "")
    wanted = NewBrowser(cookie=keys.new_session(), agent=agent, first=coming is Coming.FIRST)
    if coming is Coming.KNOWN:
        return _Came(cookie=browsers.kept(cookie, None))
    if coming is Coming.NEW and not digits.strip():
        return _Came(question="code" if browsers.send_code(here.context, seen, now=now) else "locked")
    if coming is Coming.NEW and not browsers.is_right(here.context, seen, digits, now=now):
        return _Came(question="digits")
    return _Came(wanted=wanted, cookie=browsers.kept(cookie, wanted))


def _remembering(here: Parlour, seen: Shown, wanted: NewBrowser | None) -> Callable[[Db], bool]:
    if wanted is None:
        return lambda _db: True
    return lambda db: browsers.remember(here.context, db, seen, wanted, now=here.now())


def _limit(here: Parlour, form: str) -> dict[str, Any]:
    return {"limit": here.most_bytes // 1_000_000} if form == "size" else {}


def _fields(here: Parlour, seen: Shown, form: Form) -> dict[str, Any]:
    filled: dict[str, Any] = {name: form.texts.get(name, "").strip() for name in ("by", "text")}
    filled["by"] = filled["by"] or seen.link.person
    upload = form.files.get("file")
    if upload is not None and here.blobs is not None and upload.content:
        filled["file"] = partial(_kept, here.blobs, upload, here.most_bytes)
    return filled


def _kept(blobs: BlobStore, upload: Upload, limit: int) -> dict[str, Any]:
    """The file lies in the store from now on."""
    blob = blobs.put([upload.content], limit=limit)
    named = {"filename": upload.filename, "media_type": upload.media_type}
    return {**named, "key": blob.key, "size": blob.size, "sha256": blob.sha256}


def _act(seen: Shown, filled: Mapping[str, Any]) -> Act:
    """What would be done, to see what it lacks: a file is not kept for that."""
    own = {"by": filled["by"], "text": filled["text"], "file": {"filename": ""} if "file" in filled else {}}
    return Act(doing=seen.link.doing, request=seen.link.id, **own)


def _state(job: DeskTicket, words: Words) -> str:
    return words.term("portal.state", state_of(job).replace(" ", "_"))


def _page(
    seen: Shown,
    words: Words,
    *,
    lacks: str = "",
    filled: Mapping[str, Any] | None = None,
    status: int = 200,
) -> HTMLResponse:
    link, job = seen.link, seen.job
    gaps = {"number": job.number, "state": _state(job, words)}
    if seen.standing is not Standing.GOOD:
        at = link.used_at or link.expires_at
        gaps["at"] = f"{at.astimezone(ZoneInfo('UTC')):%Y-%m-%d %H:%M} UTC"
        return _told(words, f"portal.{seen.standing.value}", gaps, 410)
    doing = link.doing
    return page(
        "portal.html",
        words,
        status=status,
        job=job,
        state=gaps["state"],
        doing=doing.value,
        needs_text=doing in NEEDS_TEXT,
        takes_file=doing in (Doing.FILE, Doing.DONE, Doing.COMMENT),
        needs_file=doing is Doing.FILE,
        person=link.person,
        filled=filled or {},
        code=bool((filled or {}).get("code")),
        lacks=lacks,
        longest={"name": LONGEST_NAME, "text": LONGEST_TEXT},
    )


def _told(words: Words, key: str, gaps: Mapping[str, str], status: int) -> HTMLResponse:
    what = words(f"{key}.what", **gaps)
    return page("told.html", words, status=status, title=words(key), what=what)
