"""The carrier of mail desks: requests with an `imap(s)` address are carried out by IMAP and SMTP, behind the same guard."""

from gateway.desk_client.mail.carrier import SCHEMES, Carrier

__all__ = ["SCHEMES", "Carrier"]
