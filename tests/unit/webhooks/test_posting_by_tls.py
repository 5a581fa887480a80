"""The posting of webhooks by TLS, to the very address that was checked."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from socket import socket

import pytest
import trustme

from noukai_functions.refusals import InvalidInputError
from noukai_functions.webhooks.addresses import Address
from noukai_functions.webhooks.posting.answers import Answer
from noukai_functions.webhooks.posting.poster import Poster, PostFailedError
from noukai_functions.webhooks.posting.resolution import Resolver
from noukai_functions.webhooks.urls import UrlRules
from tests.unit.webhooks import receivers
from tests.unit.webhooks.dns_server import V4, NameServer, addressed, name_server, reply
from tests.unit.webhooks.receivers import Behaviour, answers, receiver, secured

NAME = "hooks.example.com"
OURS, INTERNAL = "127.0.0.1", "127.0.0.2"
"""The one address of this machine that these tests take for a public one, and another one."""
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NOT_PUBLIC = "which is not a public address"
PATIENT = 20.0


def is_ours(address: Address) -> bool:
    return str(address) == OURS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[trustme.CA]:
    """Return an authority that this machine trusts."""
    made = trustme.CA()
    file = tmp_path_factory.mktemp("trusted") / "authorities.pem"
    made.cert_pem.write_to_path(str(file))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        yield made


def certified(issued: trustme.LeafCert) -> ssl.SSLContext:
    """Return the settings of a receiver with a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    return context


def poster(port: int, names: NameServer, seconds: float = PATIENT) -> Poster:
    rules = UrlRules(ports=frozenset({port}))
    return Poster(rules, Resolver([names.address], (5,)), seconds=seconds, is_allowed=is_ours)


def post(behaviour: Behaviour, seconds: float = PATIENT) -> Answer:
    """Send to a receiver that the name leads to, by TLS."""
    with name_server(addressed([OURS])) as names, receiver(behaviour) as running:
        return poster(running.port, names, seconds).post(f"https://{NAME}:{running.port}/a", {}, b"{}")


def failure(behaviour: Behaviour, seconds: float = PATIENT) -> str:
    with pytest.raises(PostFailedError) as failed:
        post(behaviour, seconds)
    return failed.value.reason


def test_name_is_that_of_the_certificate_and_the_request(authority: trustme.CA) -> None:
    """The connection goes to an address, but TLS and HTTP name the host."""
    context, seen = certified(authority.issue_cert(NAME)), []
    context.sni_callback = lambda _connection, name, _context: seen.append(name)

    def behaviour(connection: socket) -> None:
        seen.append(receivers.read(connection).decode())
        connection.sendall(OK)

    answer = post(secured(behaviour, context))
    assert (answer.status, answer.text) == (200, "ok")
    name, request = seen
    assert name == NAME
    assert request.startswith("POST /a HTTP/1.1\r\n")
    assert f"\r\nHost: {NAME}:" in request


BAD_CERTIFICATES = {
    "of another name": ("other.example.com", "Hostname mismatch"),
    "of the address": (OURS, "Hostname mismatch"),
    "of a higher name": ("example.com", "Hostname mismatch"),
}


@pytest.mark.parametrize("name", BAD_CERTIFICATES)
def test_certificate_of_another_name(authority: trustme.CA, name: str) -> None:
    """Nothing is sent."""
    subject, reason = BAD_CERTIFICATES[name]
    refused = failure(secured(answers(OK), certified(authority.issue_cert(subject))))
    assert refused.startswith(f"the certificate is not accepted: {reason}")


def test_certificate_of_a_stranger(authority: trustme.CA) -> None:
    """An authority that the machine does not trust signs for nobody."""
    del authority
    refused = failure(secured(answers(OK), certified(trustme.CA().issue_cert(NAME))))
    assert refused.startswith("the certificate is not accepted: unable to get local issuer certificate")


def test_expired_certificate(authority: trustme.CA) -> None:
    """It is refused from the second after its last."""
    expired = authority.issue_cert(NAME, not_after=datetime.now(UTC) - timedelta(days=1))
    assert failure(secured(answers(OK), certified(expired))) == (
        "the certificate is not accepted: certificate has expired"
    )


def test_old_tls(authority: trustme.CA) -> None:
    """TLS 1.1 is broken."""
    context = certified(authority.issue_cert(NAME))
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    assert failure(secured(answers(OK), context)).startswith("TLS failed: ")


def plain(connection: socket) -> None:
    """Answer in plain HTTP."""
    connection.recv(1)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)


def test_receivers_that_speak_no_tls(authority: trustme.CA) -> None:
    """Their silence ends with the deadline, as after the handshake."""
    del authority
    assert failure(plain).startswith("TLS failed: ")
    assert failure(receivers.closes) in (
        "TLS failed: the connection closed",
        "the connection closed before an answer",
        "TLS failed: UNEXPECTED_EOF_WHILE_READING",
    )
    assert failure(receivers.silent, 0.2) == "no answer within 0.2 s"
    assert failure(receivers.reads_slowly, 0.2) == "no answer within 0.2 s"


def test_name_with_one_internal_address(authority: trustme.CA) -> None:
    """It is refused with all of its addresses, whichever is first; nobody is connected to."""
    context = certified(authority.issue_cert(NAME))
    for v4, v6 in (
        ([OURS, INTERNAL], []),
        ([INTERNAL, OURS], []),
        ([OURS], ["::1"]),
        ([], ["::ffff:10.0.0.1"]),
    ):
        with name_server(addressed(v4, v6)) as names, receiver(secured(answers(OK), context)) as running:
            posting = poster(running.port, names)
            url = f"https://{NAME}:{running.port}/"
            with pytest.raises(PostFailedError, match=NOT_PUBLIC):
                posting.post(url, {}, b"")
            with pytest.raises(InvalidInputError, match=NOT_PUBLIC):
                posting.check(url)
            assert running.connections == []


def test_name_that_leads_elsewhere_when_it_is_asked_again(authority: trustme.CA) -> None:
    """The connection goes to the address that was checked: the name is asked once."""
    context, given = certified(authority.issue_cert(NAME)), [OURS]

    def rebinding(question: bytes, kind: int, _protocol: str) -> bytes:
        return reply(question, [given.pop() if given else INTERNAL] if kind == V4 else [])

    with (
        name_server(rebinding) as names,
        receiver(secured(answers(OK), context)) as checked,
        receiver(secured(answers(OK), context), INTERNAL, checked.port) as internal,
    ):
        posting, url = poster(checked.port, names), f"https://{NAME}:{checked.port}/"
        assert posting.post(url, {}, b"").is_success
        assert [kind for kind, _ in names.asked].count(V4) == 1
        with pytest.raises(PostFailedError, match=f"the name leads to {INTERNAL}"):
            posting.post(url, {}, b"")
        assert (len(checked.connections), internal.connections) == (1, [])


def test_address_in_the_url_is_checked_like_a_name() -> None:
    """No form of an address gets past what is checked before the connection."""
    for host in ("8.8.8.8", "[2606:4700:4700::1111]", "[::ffff:8.8.8.8]"):
        with pytest.raises(PostFailedError, match=NOT_PUBLIC):
            Poster(UrlRules(), is_allowed=lambda _: False).post(f"https://{host}/", {}, b"")


def test_second_address_takes_the_connection(authority: trustme.CA) -> None:
    """An address that is away keeps nobody from the next one; if all are, the first error is told."""
    context = certified(authority.issue_cert(NAME))
    with (
        name_server(addressed([INTERNAL, OURS])) as names,
        receiver(secured(answers(OK), context)) as running,
    ):
        rules, resolver = UrlRules(ports=frozenset({running.port})), Resolver([names.address], (5,))
        posting = Poster(rules, resolver, is_allowed=lambda _: True)
        assert posting.post(f"https://{NAME}:{running.port}/", {}, b"").is_success
    with name_server(addressed([INTERNAL], ["2001:db8::1"])) as names:
        posting = Poster(rules, Resolver([names.address], (5,)), is_allowed=lambda _: True)
        with pytest.raises(PostFailedError, match="the connection was refused"):
            posting.post(f"https://{NAME}:{running.port}/", {}, b"")


def test_name_that_is_not_found(authority: trustme.CA) -> None:
    """It may be registered; a posting fails."""
    del authority
    with name_server(addressed()) as names:
        posting = poster(443, names)
        posting.check(f"https://{NAME}/")
        with pytest.raises(PostFailedError, match=f"^{NAME} has no address$"):
            posting.post(f"https://{NAME}/", {}, b"")
