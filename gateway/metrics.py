"""What Prometheus is told: counters and timings of this process, and what the database says at the moment of asking."""

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_LATENCY = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Metrics:
    """One set per application; not global, so that two gateways in one process do not mix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self.hooks = Counter(
            "interdesk_hooks",
            "Requests at the hook door by answer (the status code).",
            ("status",),
            registry=self.registry,
        )
        self.forged = Counter(
            "interdesk_hooks_forged",
            "Messages refused because they are not from their desk.",
            ("desk",),
            registry=self.registry,
        )
        self.hook_seconds = Histogram(
            "interdesk_hook_seconds",
            "From the head of a message to its answer, for messages that were stored.",
            buckets=_LATENCY,
            registry=self.registry,
        )
        self.group_commit = Histogram(
            "interdesk_group_commit_messages",
            "Messages stored in one transaction.",
            buckets=_SIZES,
            registry=self.registry,
        )

    def text(self) -> bytes:
        """The exposition; asks the database."""
        return generate_latest(self.registry)
