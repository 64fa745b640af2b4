"""A mail desk at servers that speak TLS only and ask for a login: a real Exim and a real Dovecot with a certificate of their
own, which the gateway trusts because it was told to, and not otherwise."""

import asyncio
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from connectors.mail_desk import CONNECTOR
from gateway.desk_auth import Credentials, credentials_for
from gateway.desk_client import DeskClient, GuardedTransport, NetworkPolicy, PushTerms, Verdict
from gateway.desk_client.mail import outbox
from gateway.desk_client.mail.folder import Refused
from gateway.desk_client.mail.outbox import Letter, Login
from gateway.desk_client.pool import mail_tls_context, system_resolver, tls_context
from gateway.desk_client.trip import Trip
from gateway.domain.documents import desk_from
from gateway.domain.model import Command, CommandKind, Desk, DeskFacts
from gateway.domain.outcome import OutcomeClass
from gateway.errors import DeskDenied, DeskUnavailable
from tests.desks.launch.mailhouse import PASSWORD, MailHouse
from tests.desks.mail_stage import text_of

pytestmark = [pytest.mark.desks, pytest.mark.timeout(120)]

NAME, BOX, PARTY = "mail.gw.example", "tls@gw.example", "tls@firm.example"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for the servers' name that vouches for itself, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    start = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=9))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(secret)
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def servers(certificate: tuple[Path, Path]) -> Iterator[MailHouse]:
    if reason := MailHouse.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with MailHouse(tls=certificate) as found:
        yield found


@pytest.fixture
def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """As an operator sets it up who was given the certificate."""
    context = tls_context()  # as for web desks, with their protocol in it
    context.load_verify_locations(certificate[0])
    return context


def desk(servers: MailHouse) -> Desk:
    document = {
        "id": "dsk_firm", "code": "firm", "org_id": "org_firm", "connector": "mail_desk", "version": 1,
        "base_url": f"imaps://{NAME}:{servers.imaps}", "allow_private_network": True,
        "settings": {"address": BOX, "mail_to": [PARTY], "smtp": f"smtps://{NAME}:{servers.smtps}"},
    }  # fmt: skip
    return replace(desk_from(document, manifest=CONNECTOR.manifest), hook_secrets=(b"a seal of tests",))


def client(tls: ssl.SSLContext | None) -> DeskClient:
    """The gateway's wire, for which the servers' name leads to this machine."""
    transport = GuardedTransport(
        policy=NetworkPolicy.of(["127.0.0.0/8"]),
        tls=tls,
        resolver=lambda host, port: system_resolver({NAME: "127.0.0.1"}[host], port),
    )
    return DeskClient(now=lambda: datetime.now(UTC), transport=transport)


def credentials(servers: MailHouse, secret: str = PASSWORD) -> Credentials:
    return credentials_for(desk(servers), CONNECTOR.manifest, {"user": BOX, "secret": secret})


async def _offered(servers: MailHouse, tls: ssl.SSLContext) -> tuple[DeskFacts, Verdict]:
    command = Command(id="dlv_1", kind=CommandKind.CREATE, marker="idk-1", fields={"title": "Over TLS"})
    async with client(tls) as wire:
        asked, held = desk(servers), credentials(servers)
        facts = await wire.ask(CONNECTOR.check(asked), desk=asked, credentials=held)
        terms = PushTerms(command=command)
        return facts, await wire.push(
            CONNECTOR.push(command, asked), desk=asked, credentials=held, terms=terms
        )


def test_an_offer_goes_out_over_tls_after_a_login(servers: MailHouse, trusting: ssl.SSLContext) -> None:
    facts, verdict = asyncio.run(_offered(servers, trusting))

    assert BOX in (facts.account.name, facts.account.id)
    assert verdict.outcome is OutcomeClass.APPLIED, verdict.message
    received = next(
        str(one) for one in _arrived(servers, PARTY).get_all("Received", []) if "esmtp" in str(one)
    )
    assert "with esmtpsa" in received, "s: TLS, a: after a login (RFC 3848)"


def _arrived(servers: MailHouse, address: str) -> Message:
    return servers.await_mail(address, lambda mail: "Over TLS" in text_of(mail))


@pytest.mark.parametrize("wrong", ["certificate", "password"])
def test_a_stranger_s_certificate_and_a_wrong_password_are_refused(
    servers: MailHouse, trusting: ssl.SSLContext, wrong: str
) -> None:
    async def asked() -> DeskFacts:
        async with client(None if wrong == "certificate" else trusting) as wire:
            held = credentials(servers, "wrong" if wrong == "password" else PASSWORD)
            return await wire.ask(CONNECTOR.check(desk(servers)), desk=desk(servers), credentials=held)

    error = {"certificate": DeskUnavailable, "password": DeskDenied}[wrong]
    with pytest.raises(error, match={"certificate": "self-signed|self signed", "password": "log"}[wrong]):
        asyncio.run(asked())


@pytest.mark.parametrize("secret", [PASSWORD, "wrong"])
def test_starttls_comes_before_the_login(servers: MailHouse, trusting: ssl.SSLContext, secret: str) -> None:
    login = Login(
        host=NAME, user=BOX, secret=secret, implicit=False, context=mail_tls_context(trusting), timeout=10
    )
    mail = b"From: tls@gw.example\r\nSubject: x\r\n\r\nafter STARTTLS\r\n"
    letter = Letter(sender=BOX, recipients=(PARTY,), smtp="", content=mail)

    async def sent() -> None:
        await outbox.send(socket.create_connection(("127.0.0.1", servers.smtp)), login, letter, Trip())

    if secret == PASSWORD:
        asyncio.run(sent())
        arrived = servers.await_mail(PARTY, lambda mail: "after STARTTLS" in text_of(mail))
        assert "with esmtpsa" in " ".join(map(str, arrived.get_all("Received", [])))
    else:
        with pytest.raises(Refused, match="refuses the login"):
            asyncio.run(sent())
