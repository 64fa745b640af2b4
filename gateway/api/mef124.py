"""`/mefApi/sonata/troubleTicket/v4`: MEF 124 over the same tickets, by the doors of `tmf621` and `tmf_hub`. What it says otherwise stands in
`domain.tmf621.mef124`."""

from fastapi import APIRouter

from gateway.api import tmf621, tmf_hub

BASE = "/mefApi/sonata/troubleTicket"
router = APIRouter()
router.routes.extend((*tmf621.doors(BASE).routes, *tmf_hub.doors(BASE).routes))
