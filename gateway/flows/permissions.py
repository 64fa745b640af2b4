"""Which permission each door asks for: the one table. A route without a row here is the operator's alone, and
`tests/api/test_permissions.py` fails until it has one. Whose rows a caller sees is not decided here but by its Scope."""

from enum import Enum

from gateway.domain.permissions import Permission


class Open(Enum):
    """Doors that ask for no permission."""

    ANYBODY = "anybody"
    SIGNED_IN = "whoever is signed in, and there only what is its own"
    PARTNER = "the door itself looks at the token of the partner that pushes"
    ADDRESS = "the address itself is the secret: a link that somebody was given"


Need = Permission | Open
Route = tuple[str, str]
"""Method and path as it is declared."""

_READ, _WRITE = Permission.TICKETS_READ, Permission.TICKETS_WRITE
_LINKS, _LINKING = Permission.LINKS_READ, Permission.LINKS_WRITE
_TMF = "/tmf-api/troubleTicket/{version}/troubleTicket"
_KINDS = "/tmf-api/troubleTicket/{version}/troubleTicketSpecification"
_HUB = "/tmf-api/troubleTicket/{version}/hub"

NEEDS: dict[Route, Need] = {
    ("GET", "/healthz"): Open.ANYBODY,
    ("GET", "/readyz"): Open.ANYBODY,
    ("GET", "/openapi.json"): Open.ANYBODY,
    ("GET", "/problems/{code}"): Open.ANYBODY,
    ("GET", "/metrics"): Permission.METRICS_READ,
    ("POST", "/oauth/token"): Open.ANYBODY,
    ("POST", "/oauth/introspect"): Open.ANYBODY,
    ("POST", "/oauth/revoke"): Open.ANYBODY,
    ("GET", "/.well-known/oauth-authorization-server"): Open.ANYBODY,
    # tickets
    ("GET", "/v1/tickets"): _READ,
    ("GET", "/v1/tickets/{ticket_id}"): _READ,
    ("GET", "/v1/tickets/{ticket_id}/hops"): _READ,
    ("GET", "/v1/tickets/{ticket_id}/events"): _READ,
    ("GET", "/v1/tickets/{ticket_id}/clocks"): _READ,
    ("GET", "/v1/tickets/{ticket_id}/stops"): _READ,
    ("GET", "/v1/tickets/{ticket_id}/visits"): _READ,
    ("GET", "/v1/search"): _READ,
    ("GET", "/v1/worklists"): _READ,
    ("GET", "/v1/worklists/{name}"): _READ,
    ("GET", "/v1/deliveries"): _READ,
    ("GET", "/v1/deliveries/{delivery_id}"): _READ,
    ("GET", "/v1/conflicts"): _READ,
    ("GET", "/v1/conflicts/{conflict_id}"): _READ,
    ("POST", "/v1/conflicts/{conflict_id}"): _WRITE,
    ("GET", "/v1/work"): _READ,
    ("POST", "/v1/work"): _WRITE,
    ("GET", "/v1/work/{line_id}"): _READ,
    ("POST", "/v1/work/{line_id}"): _WRITE,
    ("GET", "/v1/portal/jobs"): _READ,
    ("GET", "/v1/portal/jobs/{job_id}"): _READ,
    ("POST", "/v1/portal/jobs/{job_id}"): _WRITE,
    ("POST", "/v1/portal/jobs/{job_id}/files"): _WRITE,
    # a party's own API desk
    ("POST", _TMF): _WRITE,
    ("GET", _TMF): _READ,
    ("GET", f"{_TMF}/{{ticket_id}}"): _READ,
    ("PATCH", f"{_TMF}/{{ticket_id}}"): _WRITE,
    ("DELETE", f"{_TMF}/{{ticket_id}}"): _WRITE,
    ("GET", f"{_TMF}/{{ticket_id}}/attachment/{{place}}"): _READ,
    ("POST", f"{_TMF}/{{ticket_id}}/{{command}}"): _WRITE,
    ("POST", _KINDS): _WRITE,
    ("GET", _KINDS): _READ,
    ("GET", f"{_KINDS}/{{specification_id}}"): _READ,
    ("PATCH", f"{_KINDS}/{{specification_id}}"): _WRITE,
    ("DELETE", f"{_KINDS}/{{specification_id}}"): _WRITE,
    ("POST", _HUB): _WRITE,
    ("GET", f"{_HUB}/{{listener_id}}"): _READ,
    ("DELETE", f"{_HUB}/{{listener_id}}"): _WRITE,
    ("POST", "/v1/tickets"): _WRITE,
    # what was promised
    ("GET", "/v1/agreements"): Permission.REPORTS_READ,
    ("GET", "/v1/agreements/{agreement_id}"): Permission.REPORTS_READ,
    ("GET", "/v1/reports"): Permission.REPORTS_READ,
    ("GET", "/v1/reports/{report_id}"): Permission.REPORTS_READ,
    # partners that share tickets (Networked Help Desk)
    ("POST", "/sharing/agreements/{uuid}"): Open.PARTNER,
    ("PUT", "/sharing/agreements/{uuid}"): Open.PARTNER,
    ("GET", "/sharing/agreements/{uuid}"): Open.PARTNER,
    ("POST", "/sharing/tickets/{uuid}"): Open.PARTNER,
    ("PUT", "/sharing/tickets/{uuid}"): Open.PARTNER,
    ("GET", "/sharing/tickets/{uuid}"): Open.PARTNER,
    ("DELETE", "/sharing/tickets/{uuid}"): Open.PARTNER,
    ("POST", "/sharing/{desk}/agreements/{uuid}"): Open.PARTNER,
    ("PUT", "/sharing/{desk}/agreements/{uuid}"): Open.PARTNER,
    ("GET", "/sharing/{desk}/agreements/{uuid}"): Open.PARTNER,
    ("POST", "/sharing/{desk}/tickets/{uuid}"): Open.PARTNER,
    ("PUT", "/sharing/{desk}/tickets/{uuid}"): Open.PARTNER,
    ("GET", "/sharing/{desk}/tickets/{uuid}"): Open.PARTNER,
    ("DELETE", "/sharing/{desk}/tickets/{uuid}"): Open.PARTNER,
    ("GET", "/sharing/{desk}/files/{token}"): Open.ADDRESS,
    # what is configured
    ("GET", "/v1/organizations"): _READ,
    ("GET", "/v1/organizations/{name}"): _READ,
    ("GET", "/v1/sites"): _READ,
    ("GET", "/v1/sites/{name}"): _READ,
    ("GET", "/v1/assets"): _READ,
    ("GET", "/v1/assets/{name}"): _READ,
    **{
        (method, f"/v1/{kind}/{{name}}"): Permission.ADMIN
        for kind in ("sites", "assets")
        for method in ("PUT", "PATCH", "DELETE")
    },
    ("GET", "/v1/contacts"): _READ,
    ("GET", "/v1/contacts/{name}"): _READ,
    ("GET", "/v1/desks"): _LINKS,
    ("GET", "/v1/desks/{name}"): _LINKS,
    # links
    ("GET", "/v1/links"): _LINKS,
    ("GET", "/v1/links/news"): _LINKS,
    ("POST", "/v1/links/invitations"): _LINKING,
    ("GET", "/v1/links/invitations/{invitation_id}"): _LINKS,
    ("POST", "/v1/links/invitations/{invitation_id}/take-back"): _LINKING,
    ("POST", "/v1/links/look"): _LINKS,
    ("POST", "/v1/links/accept"): _LINKING,
    ("POST", "/v1/links/decline"): _LINKING,
    ("GET", "/v1/links/{name}"): _LINKS,
    ("POST", "/v1/links/{name}/activate"): _LINKING,
    ("POST", "/v1/links/{name}/pause"): _LINKING,
    ("POST", "/v1/links/{name}/resume"): _LINKING,
    ("POST", "/v1/links/{name}/end"): _LINKING,
    ("POST", "/v1/links/{name}/checks"): _LINKING,
    ("POST", "/v1/links/{name}/certification"): _LINKING,
    ("POST", "/v1/links/{name}/certification/verify"): _LINKS,
    ("POST", "/v1/links/{name}/dry-run"): _LINKS,
    ("GET", "/v1/links/{name}/export"): _LINKS,
    ("GET", "/v1/links/{name}/totals"): _LINKS,
    ("GET", "/v1/brakes"): _LINKS,
    ("POST", "/v1/brakes"): _LINKING,
    ("POST", "/v1/brakes/off"): _LINKING,
    ("GET", "/v1/audit"): Permission.ADMIN,
    ("POST", "/v1/erasures"): Permission.ADMIN,
    ("GET", "/v1/erasures/{erasure_id}"): Permission.ADMIN,
    ("POST", "/v1/agent/errands/take"): Permission.AGENT,
    ("POST", "/v1/agent/errands/{errand_id}/answer"): Permission.AGENT,
    # webhooks: what is told outside is decided by whoever answers for the organization
    **{
        (method, f"/v1/webhooks{path}"): Permission.ADMIN
        for method, path in (
            ("GET", ""),
            ("POST", ""),
            ("GET", "/{name}"),
            ("DELETE", "/{name}"),
            ("POST", "/{name}/test"),
            ("POST", "/{name}/rotate"),
            ("POST", "/{name}/pause"),
            ("POST", "/{name}/resume"),
            ("GET", "/{name}/messages"),
            ("GET", "/{name}/messages/{message_id}"),
            ("POST", "/{name}/replay"),
        )
    },
    # pages
    ("GET", "/sign-in"): Open.ANYBODY,
    ("POST", "/sign-in"): Open.ANYBODY,
    ("GET", "/sign-in/with/{provider}"): Open.ANYBODY,
    ("GET", "/sign-in/back/{provider}"): Open.ANYBODY,
    ("POST", "/sign-out"): Open.ANYBODY,
    ("GET", "/account"): Open.SIGNED_IN,
    ("POST", "/account"): Open.SIGNED_IN,
    ("POST", "/account/password"): Open.SIGNED_IN,
    ("GET", "/forgotten"): Open.ANYBODY,
    ("POST", "/forgotten"): Open.ANYBODY,
    ("GET", "/reset/{token}"): Open.ADDRESS,
    ("POST", "/reset/{token}"): Open.ADDRESS,
    ("GET", "/welcome/{token}"): Open.ADDRESS,
    ("POST", "/welcome/{token}"): Open.ADDRESS,
    ("GET", "/tickets/{ticket_id}/timeline"): _READ,
    ("GET", "/reports/{report_id}"): Permission.REPORTS_READ,
    ("GET", "/shared/{token}"): Open.ADDRESS,
    ("GET", "/portal/{token}"): Open.ADDRESS,
    ("POST", "/portal/{token}"): Open.ADDRESS,
}

_MEF = {
    (method, path.replace("/tmf-api/", "/mefApi/sonata/", 1)): need
    for (method, path), need in NEEDS.items()
    if path.startswith((_TMF, _HUB)) and not path.startswith(_KINDS)
}
NEEDS |= _MEF
"""MEF 124 is the same doors at another address."""


def needed(method: str, path: str) -> Need | None:
    """What the door at this route asks for; None for a route that the table does not know. HEAD asks what GET asks."""
    return NEEDS.get(("GET" if method == "HEAD" else method, path))
