"""A typed client of a running gateway's API, for commands on another machine: what it may do is what its key may."""

from gateway.client.calls import Interdesk as Interdesk
