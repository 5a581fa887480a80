"""The posting of webhooks to receivers that may be hostile."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from http.client import HTTP_PORT, HTTPS_PORT, HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address
from queue import SimpleQueue
from socket import AF_INET, AF_INET6, SOCK_STREAM, socket
from typing import Any

from noukai_functions.refusals import InvalidInputError
from noukai_functions.webhooks.addresses import Address, is_public
from noukai_functions.webhooks.posting.answers import Answer, read_answer
from noukai_functions.webhooks.posting.deadline import Deadline
from noukai_functions.webhooks.posting.resolution import Resolver, UnresolvedError
from noukai_functions.webhooks.posting.timed_socket import TimedSocket, TooLongError
from noukai_functions.webhooks.urls import Receiver, UrlRules

POST_SECONDS = 15.0
"""From the look-up of the name to the last byte that is read."""
_CHECK_SECONDS = 2.0
_LOOPBACK = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
_REASONS: Sequence[tuple[type[Exception], Callable[[Any], str]]] = (
    (InvalidInputError, lambda error: error.errors[0][1]),
    (ssl.SSLCertVerificationError, lambda error: f"the certificate is not accepted: {error.verify_message}"),
    (ssl.SSLError, lambda error: f"TLS failed: {error.reason or 'the connection closed'}"),
    (ConnectionRefusedError, lambda _: "the connection was refused"),
    (ConnectionError, lambda _: "the connection closed before an answer"),
    (OSError, lambda error: f"no connection: {error.strerror or error}"),
    (HTTPException, lambda error: f"the answer is not HTTP: {type(error).__name__}"),
)
"""What the owner of an endpoint reads; nothing of the receiver's bytes is in it."""
_MOST_CONNECTS = 4
"""More addresses of a name are checked, but not connected to."""


class NotPublicError(Exception):
    """A name with an address that is not public."""


class PostFailedError(Exception):
    """A posting without an answer; `reason` is for the owner of the endpoint."""

    def __init__(self, reason: str, duration_ms: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.duration_ms = duration_ms


@dataclass(frozen=True, slots=True)
class Post:
    """A body with its headers, and the URL to post it to."""

    url: str
    headers: Mapping[str, str]
    body: bytes


class Poster:
    """The sender of webhooks, to public addresses alone. Several threads may use it at once."""

    def __init__(
        self,
        rules: UrlRules,
        resolver: Resolver | None = None,
        *,
        seconds: float = POST_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        is_allowed: Callable[[Address], bool] = is_public,
    ) -> None:
        self._rules = rules
        self._resolver = resolver or Resolver()
        self._seconds = seconds
        self._monotonic = monotonic
        self._is_allowed = is_allowed

    def prepare(self) -> None:
        """Read the authorities that TLS trusts, which takes longer than a posting."""
        _ = self._tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Return the settings of TLS, which trust the authorities of the machine."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context

    def check(self, url: str) -> None:
        """Refuse a URL that is not allowed, or whose name leads to an internal address by now.

        A name that is not found is allowed: it may be made later, and is looked up again at each posting.

        Raises:
            InvalidInputError: the URL may not be that of a webhook.
        """
        receiver = self._rules.receiver(url)
        try:
            self._addresses(receiver, Deadline(_CHECK_SECONDS, self._monotonic))
        except NotPublicError as error:
            raise InvalidInputError([("url", str(error))]) from error
        except (UnresolvedError, TimeoutError):
            pass

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a body; return the answer, whatever its status.

        Raises:
            PostFailedError: there was no answer, or the URL or an address is not allowed.
        """
        begun = self._monotonic()
        deadline = Deadline(self._seconds, self._monotonic)
        try:
            status, retry_after, text = self._exchange(url, headers, body, deadline)
        except (
            InvalidInputError,
            UnresolvedError,
            NotPublicError,
            TooLongError,
            OSError,
            HTTPException,
        ) as error:
            raise PostFailedError(self._reason(error), self._since(begun)) from error
        return Answer(status, self._since(begun), text, retry_after)

    def post_all(self, posts: Sequence[Post]) -> Iterator[tuple[int, Answer | PostFailedError]]:
        """Send side by side; yield each outcome with its number as it comes. No thread is left at the end."""
        outcomes: SimpleQueue[tuple[int, Answer | BaseException]] = SimpleQueue()

        def post(number: int) -> None:
            try:
                outcomes.put(
                    (number, self.post(posts[number].url, posts[number].headers, posts[number].body))
                )
            except BaseException as error:  # noqa: BLE001 - raised again below
                outcomes.put((number, error))

        self.prepare()
        threads = [threading.Thread(target=post, args=(number,)) for number in range(len(posts))]
        for thread in threads:
            thread.start()
        try:
            for _ in threads:
                number, outcome = outcomes.get()
                if isinstance(outcome, BaseException) and not isinstance(outcome, PostFailedError):
                    raise outcome
                yield number, outcome
        finally:
            for thread in threads:
                thread.join()

    def _exchange(
        self, url: str, headers: Mapping[str, str], body: bytes, deadline: Deadline
    ) -> tuple[int, int | None, str]:
        receiver = self._rules.receiver(url)
        addresses = self._addresses(receiver, deadline)
        with (
            _connected(addresses, receiver.port, deadline) as plain,
            self._secured(plain, receiver, deadline) as connection,
        ):
            timed = TimedSocket(connection, deadline)
            # A receiver may answer without reading all, and close: its answer counts.
            with suppress(BrokenPipeError, ConnectionResetError):
                _Request(receiver, timed).request(
                    "POST", receiver.path, body, {**headers, "Connection": "close"}
                )
            return read_answer(timed)

    def _addresses(self, receiver: Receiver, deadline: Deadline) -> Sequence[Address]:
        """Return the addresses to connect to; refuse a name with one internal address among others."""
        if receiver.is_local:
            return _LOOPBACK
        given = receiver.address
        found = self._resolver.addresses(receiver.host, deadline) if given is None else (given,)
        for address in found:
            if not self._is_allowed(address):
                raise NotPublicError(f"the name leads to {address}, which is not a public address")
        return found

    def _secured(self, plain: socket, receiver: Receiver, deadline: Deadline) -> socket:
        if receiver.is_local:
            return plain
        plain.settimeout(deadline.remaining())
        return self._tls.wrap_socket(plain, server_hostname=receiver.host)

    def _since(self, begun: float) -> int:
        return round((self._monotonic() - begun) * 1000)

    def _reason(self, error: Exception) -> str:
        if isinstance(error, TimeoutError):
            return f"no answer within {self._seconds:g} s"
        return next((reason(error) for kind, reason in _REASONS if isinstance(error, kind)), str(error))


class _Request(HTTPConnection):
    """The writer of a request, whose connection is made already."""

    def __init__(self, receiver: Receiver, timed: TimedSocket) -> None:
        self.default_port = HTTP_PORT if receiver.is_local else HTTPS_PORT
        super().__init__(receiver.host, receiver.port)
        self._timed = timed

    def send(self, data: Any) -> None:
        """Send a part of the request."""
        self._timed.sendall(data)


def _connected(addresses: Sequence[Address], port: int, deadline: Deadline) -> socket:
    """Return a connection to the first address that takes one. No name is looked up again.

    Raises:
        OSError: no address takes one; the error is that of the first.
    """
    errors: list[OSError] = []
    tried = addresses[:_MOST_CONNECTS]
    for number, address in enumerate(tried):
        connection = socket(AF_INET6 if isinstance(address, IPv6Address) else AF_INET, SOCK_STREAM)
        try:
            connection.settimeout(deadline.remaining() / (len(tried) - number))
            connection.connect((str(address), port))
        except OSError as error:
            connection.close()
            errors.append(error)
        else:
            return connection
    raise errors[0]
