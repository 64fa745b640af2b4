"""`/healthz`: the process lives. `/readyz`: it can take and keep messages. `/metrics`: what Prometheus asks for."""

from fastapi import APIRouter, Depends, Response

from gateway.api.deps import AnyHouse, operator
from gateway.api.problems import Problem
from gateway.metrics import MEDIA_TYPE

open_to_all = APIRouter()
for_operators = APIRouter(dependencies=[Depends(operator)])


@open_to_all.get("/healthz")
async def healthz() -> dict[str, str]:
    """Asks nothing of anybody else: a process whose database is down need not be killed for it."""
    return {"status": "alive"}


@open_to_all.get("/readyz")
def readyz(here: AnyHouse) -> dict[str, str]:
    """503 while the database does not answer, has another schema, cannot be written, or we are stopping."""
    wrong = "the process is stopping" if here.is_stopping() else here.readiness()
    if wrong:
        raise Problem(
            status=503, code="IDK-1602", title="Not ready", detail=wrong, headers={"retry-after": "1"}
        )
    return {"status": "ready"}


@for_operators.get("/metrics")
def metrics(here: AnyHouse) -> Response:
    """In Prometheus' text format."""
    return Response(here.metrics.text(), media_type=MEDIA_TYPE)
