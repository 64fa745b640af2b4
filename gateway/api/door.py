"""What every address of the native API does the same way: count the caller's requests, read JSON strictly, do what has an
Idempotency-Key once, tell a version of what it shows (ETag), answer 304 to who has it already, and change nothing that another has changed
meanwhile (`preconditions`)."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from gateway.api import preconditions, problems
from gateway.api.deps import caller, known
from gateway.api.house import House
from gateway.api.loads import loads
from gateway.api.preconditions import LOOKING, named, version_of
from gateway.flows import repeats
from gateway.flows.principal import Principal
from gateway.flows.quotas import WINDOW, Reading
from gateway.flows.repeats import Answer

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
LONGEST_KEY = 200
KEPT_HEADERS = ("content-type", "location", "link")
OWN_WAY = "/v1/portal/jobs/"
"""What is done there keeps its Idempotency-Key with the job itself, for as long as there is one."""


class Told(Request):
    """A request whose JSON is read by `loads`, once."""

    async def json(self) -> Any:
        """The document. Raises Invalid."""
        if not hasattr(self, "_document"):
            self._document = loads(await self.body())
        return self._document


class Door(APIRoute):
    """The class of every route of `/v1`."""

    def get_route_handler(self) -> Handler:
        """Around what the framework makes of the endpoint."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            told, here = Told(request.scope, request.receive), _house(request)
            who = await run_in_threadpool(known, told, here)
            reading = None if LOOKING in told.scope else await run_in_threadpool(_counted, here, who)
            try:
                if reading is not None and reading.is_over:
                    raise problems.too_many(reading.again)
                answer = await self._answered(told, who, inner)
            except problems.REFUSALS as refusal:
                answer = problems.response(problems.of_any(refusal))
            answer.headers.update(_rate(reading))
            return answer

        return handle

    async def _answered(self, told: Told, who: Principal, inner: Handler) -> Response:
        key = told.headers.get("idempotency-key")
        if told.method != "POST" or key is None or told.url.path.startswith(OWN_WAY):
            return conditional(told, await self._asked(told, inner))
        if not 1 <= len(key) <= LONGEST_KEY:
            raise problems.not_valid(f"idempotency-key: it has 1 to {LONGEST_KEY} signs")
        caller(told, who)  # who may not do it learns nothing of who did
        return await self._once(told, repeats.request_of(who, key, await _what(told)), inner)

    async def _asked(self, told: Told, inner: Handler) -> Response:
        if self.body_field is not None and _is_json(told):
            await told.json()  # here, for the framework makes of every failure in reading one of its own
        if preconditions.are_asked(told):
            caller(told, told.state.caller)  # who may not change it learns nothing of its version
            await preconditions.hold(told)
        return await inner(told)

    async def _once(self, told: Told, request: repeats.Request, inner: Handler) -> Response:
        here = _house(told)
        if here.vault is None:
            return await self._asked(told, inner)
        found = await run_in_threadpool(repeats.begin, here.context, here.vault, request, now=here.now())
        if found is not None:
            return Response(found.body, found.status, {**found.headers, "idempotency-replayed": "true"})
        try:
            answer = await _settled(self._asked(told, inner))
        except Exception:  # not where this very task is ended: then nobody knows whether it was done
            await run_in_threadpool(repeats.forget, here.context, request)
            raise
        if (
            answer.status_code >= 500 or answer.status_code == 412
        ):  # with the version of today it is another wish
            await run_in_threadpool(repeats.forget, here.context, request)
        else:
            await run_in_threadpool(repeats.keep, here.context, here.vault, request, _kept(answer))
        return answer


def _house(request: Request) -> House:
    found: House = request.app.state.house
    return found


def _counted(here: House, who: Principal) -> Reading | None:
    return None if here.meter is None else here.meter.count(who, now=here.now())


def _rate(reading: Reading | None) -> Mapping[str, str]:
    """draft-ietf-httpapi-ratelimit-headers: the policy, and what is left of it."""
    if reading is None:
        return {}
    return {
        "ratelimit-policy": f'"default";q={reading.most};w={WINDOW}',
        "ratelimit": f'"default";r={reading.left};t={reading.again}',
    }


async def _settled(answering: Coroutine[Any, Any, Response]) -> Response:
    try:
        return await answering
    except problems.REFUSALS as refusal:
        return problems.response(problems.of_any(refusal))


async def _what(told: Request) -> tuple[str, str, bytes]:
    query = f"?{told.url.query}" if told.url.query else ""
    return told.method, told.url.path + query, await told.body()


def _kept(answer: Response) -> Answer:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    return Answer(status=answer.status_code, headers=headers, body=bytes(answer.body))


def _is_json(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


def conditional(request: Request, answer: Response) -> Response:
    """The answer to a GET with its ETag; without its body where the caller has that version."""
    if request.method != "GET" or answer.status_code != 200 or not getattr(answer, "body", b""):
        return answer
    version = version_of(bytes(answer.body))
    answer.headers["etag"] = version
    answer.headers["cache-control"] = "private, no-cache"
    answer.headers["vary"] = "authorization"
    if not named(request.headers.get("if-none-match", ""), version):
        return answer
    kept = ("etag", "cache-control", "vary", "link")
    return Response(
        status_code=304, headers={name: answer.headers[name] for name in kept if name in answer.headers}
    )
