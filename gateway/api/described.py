"""What an endpoint says of its answer, for the description of the API (OpenAPI). Nothing is checked or changed by it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, create_model


def tells(shape: Any, status: int = 200) -> dict[str, Any]:
    """The options of a route whose answer has that shape."""
    return {"response_model": None, "responses": {status: {"model": shape, "description": "As asked for."}}}


def tells_page(of: str, shape: Any) -> dict[str, Any]:
    """The same for a page of a list called so; `next` is the cursor of what follows, null at the end."""
    return tells(_model(f"{shape.__name__}Page", {of: shape}, next=(str | None, ...)))


def tells_list(name: str, **lists: Any) -> dict[str, Any]:
    """The same for whole lists, each under its name."""
    return tells(_model(name, lists))


def _model(name: str, lists: Mapping[str, Any], **more: Any) -> type[BaseModel]:
    fields: dict[str, Any] = {of: (list[shape], ...) for of, shape in lists.items()}  # type: ignore[valid-type]
    return create_model(name, **fields, **more)
