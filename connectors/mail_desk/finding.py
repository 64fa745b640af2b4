"""Did a letter leave? Its copy to ourselves carries the same Message-ID, and our seal proves that it is ours."""

from collections.abc import Sequence
from datetime import datetime

from connectors.mail_desk import addresses, letter
from connectors.mail_desk.folding import Mail, mail_from
from connectors.mail_desk.mailbox import ask
from connectors.mail_desk.writing import RECORD, SEAL
from gateway.connector import Exchange, shaped
from gateway.domain.model import Command, Desk, Receipt
from gateway.errors import AnswerUnreadable


def find(command: Command, desk: Desk) -> Exchange[Sequence[Receipt]]:
    """The copies of the command's letter, oldest first; a repeat has the same id, so the first one counts."""
    ticket = command.remote_id or addresses.ticket_of(command.marker)
    wanted = addresses.message_id(ticket, command.marker, desk)
    response = yield ask("letters", desk, id=wanted.strip("<>"))
    with shaped(AnswerUnreadable, "a list of mails"):
        mails = [mail_from(row) for row in response.json()["mails"]]
        own = [mail for mail in mails if _is_ours(mail, wanted, command, desk)]
        return [
            receipt(command, desk, created_at=mail.at)
            for mail in sorted(own, key=lambda one: (one.at, one.uid))
        ]


def _is_ours(mail: Mail, wanted: str, command: Command, desk: Desk) -> bool:
    one = letter.read(mail.raw if mail.raw is not None else mail.head, mail.at)
    told = addresses.opened(one.first(RECORD.lower()), one.first(SEAL.lower()), wanted, desk)
    return told is not None and told.get("marker") == command.marker


def receipt(command: Command, desk: Desk, *, created_at: datetime | None = None) -> Receipt:
    """The proof that the letter of this command left."""
    ticket = command.remote_id or addresses.ticket_of(command.marker)
    made = command.comment is not None or command.attachment is not None
    key = addresses.key_of(addresses.message_id(ticket, command.marker, desk))
    return Receipt(
        remote_id=ticket,
        number=ticket,
        marker=command.marker,
        object_id=key if made else None,
        created_at=created_at,
    )
