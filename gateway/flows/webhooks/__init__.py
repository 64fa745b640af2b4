"""Outgoing webhooks: who wants to be told (`subscriptions`), what leaves and what becomes of it (`sending`), the hand that
carries it while a worker runs (`herald`), facts that are no ticket's (`facts`)."""
