"""Every dialect by its name."""

from gateway.domain.tmf621.mef124 import MEF
from gateway.domain.tmf621.versions import V4, V5, Dialect

DIALECTS: dict[str, Dialect] = {one.name: one for one in (V5, V4, MEF)}
