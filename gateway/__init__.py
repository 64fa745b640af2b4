"""Interdesk: the hub between the service desks of companies that serve a customer together."""

__version__ = "0.1.0"
