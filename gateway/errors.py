"""Every exception of the product, named for what the gateway does next. Nothing here decides; flows do."""

from datetime import timedelta


class InterdeskError(Exception):
    """Root of our own errors. `code` is stable and documented; `cure` says what to do."""

    code = "IDK-1000"
    cure = ""

    def __init__(self, what: str, *, why: str = "", cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.cure = cure or type(self).cure

    def __str__(self) -> str:
        return " · ".join(part for part in (self.what, self.why, self.cure) if part)

    @property
    def kind(self) -> str:
        """For logs: the code and the kind, never the words, which may be a desk's and quote what people wrote."""
        return f"{self.code} {type(self).__name__}"


class ConfigError(InterdeskError):
    """Refuse to start or to go on; names the setting."""

    code = "IDK-1001"


class SignatureInvalid(InterdeskError):
    """Answer 401, count it, keep nothing."""

    code = "IDK-1101"


class Unreadable(InterdeskError):
    """The message is stored and answered; put it in quarantine with Replay."""

    code = "IDK-1102"


class DeskError(InterdeskError):
    """Something between us and a desk; each kind says what the delivery does next."""

    code = "IDK-1200"


class DeskUnavailable(DeskError):
    """Nothing was applied: try again on the schedule."""

    code = "IDK-1201"


class DeskThrottled(DeskError):
    """Slow the whole desk down; `retry_after` is the desk's own wish, None if it named none."""

    code = "IDK-1202"

    def __init__(self, what: str, *, retry_after: timedelta | None = None, why: str = "") -> None:
        super().__init__(what, why=why)
        self.retry_after = retry_after


class DeskStale(DeskError):
    """The ticket changed under us: fetch, run the sighting, decide the command again. Not an attempt."""

    code = "IDK-1203"


class DeskUncertain(DeskError):
    """A write left and no verdict came: wait, `find`, then decide."""

    code = "IDK-1204"


class AnswerUnreadable(DeskError):
    """The desk answered, but not with what its API promises (HTML, half a body): the wire decides what it means."""

    code = "IDK-1208"


class DeskDenied(DeskError):
    """Credentials or rights: hold the desk, tell its owner; nothing dies."""

    code = "IDK-1205"


class DeskRejected(DeskError):
    """The desk said no to this very change: park the delivery, tell the upstream side in the desk's words."""

    code = "IDK-1206"


class DeskGone(DeskError):
    """The desk answers that this ticket does not exist (deleted, or another's). A read's answer, never a guess."""

    code = "IDK-1207"


class ConnectorFailed(DeskError):
    """A bug in a connector: park what it was doing, tell the operator; every other lane goes on."""

    code = "IDK-1209"


class LeaseLost(InterdeskError):
    """This worker no longer owns the delivery: stop before the first byte and leave the row to its new owner."""

    code = "IDK-1210"


class Unsupported(InterdeskError):
    """Refused when the link is made: the desk cannot do what the link needs."""

    code = "IDK-1301"


class GatewayAway(InterdeskError):
    """The gateway that a command speaks to does not answer, or not as one."""

    code = "IDK-1603"


class NotFound(InterdeskError):
    """No such thing within this scope: answer 404, for what is not yours too."""

    code = "IDK-1401"


class Refused(InterdeskError):
    """A command that the state of the chain does not allow: answer 409 and say what would."""

    code = "IDK-1402"


class UnderWay(InterdeskError):
    """The same request, by its Idempotency-Key, is being answered: answer 409."""

    code = "IDK-1410"


class AnotherRequest(InterdeskError):
    """An Idempotency-Key came with another request before: answer 422."""

    code = "IDK-1411"


class Moved(InterdeskError):
    """The thing has another version than the caller thinks (If-Match): answer 412."""

    code = "IDK-1412"


class Unconditional(InterdeskError):
    """The caller must say which version it changes (If-Match): answer 428."""

    code = "IDK-1413"


class Invalid(InterdeskError):
    """A document that breaks its schema or names something unknown. `problems` lists path, what and what is right."""

    code = "IDK-1403"

    def __init__(self, what: str, *, problems: tuple[str, ...] = (), why: str = "", cure: str = "") -> None:
        super().__init__(what, why=why, cure=cure)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join((super().__str__(), *(f"  {problem}" for problem in self.problems)))
