"""Outgoing webhooks: what is told to whom (`eyes`), how it is worded (`envelope`), when it is sent (`sending`)."""
