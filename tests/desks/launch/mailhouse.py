"""Real mail servers as child processes: Exim takes mail for every domain below `.example` and hands it by LMTP to Dovecot,
where each address has a mailbox (`anything+detail@` is `anything@`). `nobody@…` is refused for good at the door,
`later@…` for now, and `gone@…` only after Exim has taken the mail: it comes back as a bounce. With a certificate both speak TLS
only (`smtps`, `imaps`; STARTTLS at `smtp`), and Exim takes mail for others than `gw.example` after a login only."""

import contextlib
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.desks.launch import leftovers
from tests.desks.launch.process import PATH, STOP_S, DeskFailed, free_port, tail

EXIM, DOVECOT = "/usr/sbin/exim4", "/usr/sbin/dovecot"
USER, PASSWORD = "Debian-exim", "mailpw"
READY_S = 20.0
EXIM_CONFIGURATION = """
primary_hostname = mx.example
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {smtp_ports}
{exim_tls}local_interfaces = 127.0.0.1
disable_ipv6 = true
host_lookup =
rfc1413_query_timeout = 0s
never_users =
keep_environment =
acl_smtp_rcpt = recipient
acl_smtp_data = accept
begin acl
recipient:
  deny local_parts = nobody
       message = no such user here
  defer local_parts = later
        message = try again
{recipients}  accept
begin routers
gone:
  driver = redirect
  local_parts = gone
  allow_fail
  data = :fail: this mailbox is gone
rt:
  driver = accept
  domains = rt.example
  condition = ${{if exists{{{folder}/rt.url}}}}
  transport = rt_pipe
here:
  driver = manualroute
  domains = *.example : example
  route_list = * 127.0.0.1 byname
  self = send
  transport = dovecot
begin transports
dovecot:
  driver = smtp
  protocol = lmtp
  port = {lmtp}
  allow_localhost = true
  hosts_try_fastopen =
  hosts_avoid_tls = *
rt_pipe:
  driver = pipe
  command = /usr/bin/rt-mailgate-5 --queue Federation --action correspond --url ${{readfile{{{folder}/rt.url}}{{}}}}
  user = {user}
  group = {user}
  return_fail_output = true
begin retry
* * F,1m,2s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{password}}}}}
  server_set_id = $auth2
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""
EXIM_TLS = """tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
tls_on_connect_ports = {smtps}
"""
RECIPIENTS_TLS = """  accept authenticated = *
  accept domains = gw.example
  deny message = log in first
"""
DOVECOT_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log/dovecot
protocols = imap lmtp
listen = 127.0.0.1
{dovecot_tls}auth_mechanisms = plain login
recipient_delimiter = +
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/boxes/%u allow_all_users=yes
}}
mail_location = maildir:~/Maildir
first_valid_uid = 1
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""

DOVECOT_PLAIN = "ssl = no\ndisable_plaintext_auth = no\n"
DOVECOT_TLS = "ssl = required\nssl_cert = <{certificate}\nssl_key = <{key}\n"


class MailHouse:
    """Both servers for as long as the block lasts. `smtp` and `imap` (`smtps` and `imaps`) are their ports on 127.0.0.1;
    `tls`: the files of a certificate and its key."""

    def __init__(self, *, tls: tuple[Path, Path] | None = None) -> None:
        self._tls = tls
        self.smtps = self.imaps = 0

    @staticmethod
    def missing() -> str:
        """Why they cannot run here; empty if they can."""
        lacking = [path for path in (EXIM, DOVECOT) if not Path(path).exists()]
        return f"{', '.join(lacking)} not installed: deploy/install-desks" if lacking else ""

    def __enter__(self) -> Self:
        self.smtp, self.imap, lmtp = free_port(), free_port(), free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="interdesk-mail-"))
        self._folder.chmod(0o711)
        leftovers.remember("directory", self._folder)
        for name in ("spool", "log", "boxes"):
            (self._folder / name).mkdir()
        terms = {"folder": self._folder, "imap": self.imap, "lmtp": lmtp, **self._secured()}
        texts = {"exim.conf": EXIM_CONFIGURATION, "dovecot.conf": DOVECOT_CONFIGURATION}
        for name, text in texts.items():
            (self._folder / name).write_text(text.format(user=USER, password=PASSWORD, **terms))
        owner = pwd.getpwnam(USER)
        for name in ("spool", "log"):  # the configurations stay root's
            os.chown(self._folder / name, owner.pw_uid, owner.pw_gid)
        nobody = pwd.getpwnam("nobody")
        os.chown(self._folder / "boxes", nobody.pw_uid, nobody.pw_gid)
        os.chown(self._folder, owner.pw_uid, owner.pw_gid)
        self._children = [
            self._begin(DOVECOT, "-F", "-c", str(self._folder / "dovecot.conf")),
            self._begin(EXIM, "-C", str(self._folder / "exim.conf"), "-bdf", "-q30s"),
        ]
        self._await(self.smtp, b"220")
        self._await(self.imap, b"* OK")
        return self

    def _secured(self) -> dict[str, object]:
        """What the configurations say about TLS."""
        if self._tls is None:
            plain = {"smtp_ports": self.smtp, "exim_tls": "", "recipients": ""}
            return {**plain, "imaps": 0, "dovecot_tls": DOVECOT_PLAIN}
        self.smtps, self.imaps = free_port(), free_port()
        files = [self._folder / path.name for path in self._tls]
        for path, copy in zip(self._tls, files, strict=True):
            shutil.copy(path, copy)
            shutil.chown(copy, USER)  # Exim reads them after it has given up root
        names = {"certificate": files[0], "key": files[1], "smtps": self.smtps}
        return {
            "smtp_ports": f"{self.smtp} : {self.smtps}",
            "exim_tls": EXIM_TLS.format(**names),
            "recipients": RECIPIENTS_TLS,
            "imaps": self.imaps,
            "dovecot_tls": DOVECOT_TLS.format(**names),
        }

    def _begin(self, *command: str) -> subprocess.Popen[bytes]:
        with (self._folder / "output").open("ab") as output:
            child = subprocess.Popen(
                command,
                env={"PATH": PATH},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        leftovers.remember("group", child.pid)
        return child

    def _await(self, port: int, greeting: bytes) -> None:
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if any(child.poll() is not None for child in self._children):
                raise DeskFailed(f"ended before its first answer:\n{tail(self._folder / 'output')}")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                    if connection.recv(100).startswith(greeting):
                        return
            except OSError:
                time.sleep(0.05)
        raise DeskFailed(f"no answer in {READY_S:.0f} s:\n{tail(self._folder / 'output')}")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.terminate()
        for child in self._children:
            try:
                child.wait(STOP_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            leftovers.forget("group", child.pid)
        shutil.rmtree(self._folder, ignore_errors=True)
        leftovers.forget("directory", self._folder)

    @property
    def sendmail(self) -> tuple[str, str]:
        """A program that takes a mail on its standard input, and its arguments."""
        return EXIM, f"-C {self._folder}/exim.conf -oi"

    def gives_rt(self, url: str) -> None:
        """Mail for rt.example goes to that RT's mail gateway from now on."""
        (self._folder / "rt.url").write_text(url)

    def post(self, mail: EmailMessage | bytes, *, sender: str, to: str) -> None:
        """Somebody sends a mail."""
        with smtplib.SMTP("127.0.0.1", self.smtp) as server:
            server.sendmail(sender, [to], mail if isinstance(mail, bytes) else mail.as_bytes())

    def mails(self, address: str) -> list[Message]:
        """What lies in a mailbox, oldest first."""
        client = self._mailboxes()
        try:
            client.login(address, PASSWORD)
            client.select("INBOX", readonly=True)
            numbers = client.uid("SEARCH", "ALL")[1][0].split()
            rows = [client.uid("FETCH", number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
            return [message_from_bytes(row[1]) for row in rows if isinstance(row, tuple)]
        finally:
            with contextlib.suppress(imaplib.IMAP4.error, OSError):
                client.logout()

    def _mailboxes(self) -> imaplib.IMAP4:
        if self._tls is None:
            return imaplib.IMAP4("127.0.0.1", self.imap)
        return imaplib.IMAP4_SSL("127.0.0.1", self.imaps, ssl_context=ssl._create_unverified_context())

    def await_mail(self, address: str, wanted: Callable[[Message], bool], within: float = 20.0) -> Message:
        """The newest mail there that is wanted, as soon as there is one. DeskFailed if there never is."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            found = [mail for mail in self.mails(address) if wanted(mail)]
            if found:
                return found[-1]
            time.sleep(0.05)
        raise DeskFailed(f"no such mail after {within:.0f} s:\n{tail(self._folder / 'log' / 'mainlog')}")

    def rebuild(self, address: str) -> None:
        """The mailbox gets new numbers, as after a restore: another UIDVALIDITY, the same mails."""
        box = self._folder / "boxes" / address / "Maildir"
        for path in [*box.glob("dovecot*"), *box.glob("*uidlist*"), *box.glob("*uidvalidity*")]:
            path.unlink(missing_ok=True)
