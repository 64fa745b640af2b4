"""The description of the native API (OpenAPI 3.1), served at `/openapi.json` and published as schemas/openapi.v1.json. What every
operation has is added here: who may call, refusals, headers, examples (`examples.json`)."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response

from gateway.api.listing import document

router = APIRouter()
Node = dict[str, Any]
PREFIX = "/v1/"
_PROBLEM: Node = {
    "type": "object",
    "description": "A refusal (RFC 9457); `code` is stable and explained at `type`.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "pattern": "^IDK-[0-9]{4}$"},
        "detail": {"type": "string"},
    },
    "example": {
        "type": "/problems/IDK-1401",
        "title": "There is no such thing here",
        "status": 404,
        "code": "IDK-1401",
        "detail": "there is no such ticket",
    },
}
_TEXT: Node = {"schema": {"type": "string"}}
_RATE = {
    "ratelimit-policy": {**_TEXT, "description": "How many requests are taken in how many seconds."},
    "ratelimit": {**_TEXT, "description": "How many are left of them, and for how many seconds."},
}
_ETAG = {"etag": {**_TEXT, "description": "The version of what is told."}}
_LINK = {"link": {**_TEXT, "description": 'Where the list goes on (`rel="next"`), if it does.'}}
_IF_NONE_MATCH: Node = {
    "name": "if-none-match",
    "in": "header",
    "required": False,
    "description": "The versions that the caller has: 304 for one of them.",
    "schema": _TEXT["schema"],
}
_IF_MATCH: Node = {
    "name": "if-match",
    "in": "header",
    "required": False,
    "description": "The versions (ETag) that may be changed: 412 for another.",
    "schema": _TEXT["schema"],
}
_ONCE: Node = {
    "name": "idempotency-key",
    "in": "header",
    "required": False,
    "description": "The same for the same request: it is done once, and answered alike for 48 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


@router.get("/openapi.json", include_in_schema=False)
def published(request: Request) -> Response:
    """The description."""
    return document(description(request.app))


def description(app: FastAPI) -> Node:
    """Of an application; made once."""
    if app.openapi_schema is None:
        app.openapi_schema = _described(app)
    return app.openapi_schema


def _described(app: FastAPI) -> Node:
    told: Node = get_openapi(
        title="Interdesk",
        version="1",
        openapi_version="3.1.0",
        summary="A federation gateway between service desks",
        description="Tickets, their clocks and what stands behind them, as one party may see them. What is not the caller's does not exist.",
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
        routes=app.routes,
    )
    told["paths"] = {path: told["paths"][path] for path in sorted(told["paths"]) if path.startswith(PREFIX)}
    told["servers"] = [{"url": "/"}]
    parts = told["components"]
    parts["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    parts["schemas"] = _used(told["paths"], {**parts["schemas"], "Problem": _PROBLEM})
    for operations in told["paths"].values():
        for method, operation in operations.items():
            _complete(method, operation)
            _precise(operation["parameters"], _fields(operation, parts["schemas"]))
    return told


def _fields(operation: Node, schemas: Node) -> list[str]:
    """The names that `fields` may hold: of what is told, or of each thing in a page."""
    told = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
    shape = _shape(told["content"]["application/json"]["schema"], schemas)
    lists = [one for one in shape.get("properties", {}).values() if one.get("type") == "array"]
    if "next" in shape.get("properties", {}) and len(lists) == 1:
        shape = _shape(lists[0]["items"], schemas)
    return sorted(shape.get("properties", {}))


def _shape(node: Node, schemas: Node) -> Node:
    found: Node = schemas[node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    return found


def _precise(parameters: list[Node], fields: list[str]) -> None:
    """A parameter that is left out is not null; `fields` are names that there are."""
    for one in parameters:
        kinds = [kind for kind in one["schema"].get("anyOf", ()) if kind.get("type") != "null"]
        if len(kinds) == 1:
            one["schema"] = {
                **{name: told for name, told in one["schema"].items() if name != "anyOf"},
                **kinds[0],
            }
        if one["name"] == "fields":
            names = "|".join(fields)
            one["schema"]["pattern"] = f"^(({names})(,({names}))*)?$"


def _complete(method: str, operation: Node) -> None:
    operation["security"] = [{"bearer": []}]
    operation["tags"] = [operation["operationId"].partition(".")[0]]
    answers = operation["responses"]
    answers.pop("422", None)
    answers["default"] = {
        "description": "A refusal.",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, answer in answers.items():
        answer["headers"] = dict(_RATE) if status != "default" else {}
    parameters = operation.setdefault("parameters", [])
    if method == "get":
        parameters.append(_IF_NONE_MATCH)
        pages = any(one["name"] == "cursor" for one in parameters)
        answers["200"]["headers"] |= _ETAG | (_LINK if pages else {})
        answers["304"] = {"description": "The caller has this version.", "headers": _RATE | _ETAG}
    else:
        parameters.append(_IF_MATCH)
    if method == "post" and not any(one["name"] == "idempotency-key" for one in parameters):
        parameters.append(_ONCE)
    _exemplify(operation)


@cache
def examples() -> dict[str, Node]:
    """Operation → `request` and `response`, as they once were."""
    found: dict[str, Node] = json.loads(Path(__file__).with_name("examples.json").read_text(encoding="utf-8"))
    return found


def _exemplify(operation: Node) -> None:
    shown = examples().get(operation["operationId"], {})
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "response" in shown:
            answer["content"]["application/json"]["example"] = shown["response"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and "request" in shown:
        body["example"] = shown["request"]


def _used(paths: Node, schemas: Node) -> Node:
    """The schemas that operations name, and those that these name."""
    found: set[str] = {"Problem"}
    wanted = _named(paths)
    while wanted - found:
        name = (wanted - found).pop()
        found.add(name)
        wanted |= _named(schemas[name])
    return {
        name: schemas[name]
        for name in sorted(found & schemas.keys() - {"HTTPValidationError", "ValidationError"})
    }


def _named(node: object) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(_named, node.values())) if node else own
    return set().union(*map(_named, node)) if isinstance(node, list) else set()
