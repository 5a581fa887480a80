"""The command `noukai listen`: print the events of the local system, and forward them to a local program."""

import json
import secrets
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
import typer

from noukai._client import Noukai
from noukai._errors import InvalidArgumentError, NoukaiError
from noukai.cli import options
from noukai.cli.command import connected
from noukai.cli.terminal import complain, say, tell
from noukai.webhooks import WebhookVerificationError, verify
from noukai_wire.display import one_line, text_of_duration
from noukai_wire.webhooks import TEST_EVENT, WebhookEvent

_ANSWER_SECONDS = 15
"""How long a program may take, as an endpoint may."""
_PASSED_ON = ("content-type", "user-agent", "webhook-id", "webhook-timestamp", "webhook-signature")
_A_MINUTE = 60
_PREFIX = "listen-"
"""How the names of the endpoints begin that this command makes."""
_HIGHEST_PORT = 65_535


def _target(text: str) -> str:
    """Return the address to which events are forwarded: of a port, or as given."""
    if text.isdecimal() and 1 <= int(text) <= _HIGHEST_PORT:
        return f"http://localhost:{text}/"
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise typer.BadParameter(f"use a port, or an address such as http://localhost:3000/, not {text}")
    return text


Target = Annotated[
    str | None,
    typer.Argument(parser=_target, metavar="PORT|URL", help="Forward each event to this port or address."),
]
OfFlow = Annotated[str | None, typer.Option(help="Only events of this flow: org/project/flow.")]


def listen(*, target: Target = None, flow: OfFlow = None, as_json: options.Json = False) -> None:
    """Print the events of jobs on the local system, and forward them to a local program until Ctrl-C."""
    with connected() as client:
        _check_local(client.base_url)
        _delete_leftovers(client)
        name = f"{_PREFIX}{secrets.token_hex(4)}"
        events = _Events(target, as_json=as_json)
        # Imported here because only this command needs a server.
        from .receiver import Receiver  # noqa: PLC0415

        with Receiver(events.hear) as receiver:
            events.secret = client.webhooks.put(name, url=receiver.url, flow=flow).secret or ""
            try:
                tell(f"Listening as {name}; it may miss jobs of the next 20 s. Ctrl-C ends it.")
                receiver.receive()
            finally:
                _delete(client, name)


def _check_local(base_url: str) -> None:
    host = urlsplit(base_url).hostname or ""
    with suppress(ValueError):
        if ip_address(host).is_loopback:
            return
    if host != "localhost":
        raise InvalidArgumentError(
            f"listen is for the local system, and {base_url} is a deployment, which sends only to public "
            "https addresses: make an endpoint there with `noukai webhooks put`, or run `noukai local`"
        )


def _delete_leftovers(client: Noukai) -> None:
    """Delete the endpoints of commands that were killed: an org may have few."""
    for webhook in client.webhooks.list():
        url = urlsplit(webhook.url)
        if webhook.name.startswith(_PREFIX) and not _answers(url.hostname or "", url.port or 0):
            _delete(client, webhook.name)


def _answers(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def _delete(client: Noukai, name: str) -> None:
    try:
        client.webhooks.delete(name)
    except NoukaiError as error:
        complain(f"the endpoint {name} is left over; delete it with `noukai webhooks delete {name}`: {error}")


@dataclass
class _Events:
    """The events that arrive: each is verified, forwarded and printed."""

    target: str | None
    as_json: bool
    secret: str = field(default="", repr=False)

    def hear(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Return the status of the answer: the program's own, so that the system tries again as usual."""
        try:
            event = verify(body, headers, self.secret)
        except WebhookVerificationError as error:
            complain(f"a request was refused: {error}")
            return HTTPStatus.UNAUTHORIZED
        forwarded = None if self.target is None else _forwarded(self.target, body, headers)
        if self.as_json:
            about = {"webhookId": _header(headers, "webhook-id"), "event": event, "forwarded": forwarded}
            say(json.dumps(about))
        else:
            say(_line(WebhookEvent.model_validate(event), forwarded))
        return HTTPStatus.NO_CONTENT if forwarded is None else forwarded.get("status", HTTPStatus.BAD_GATEWAY)


def _forwarded(target: str, body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Forward an event; return the status of the answer and how long it took, or the error."""
    passed = {name: value for name in _PASSED_ON if (value := _header(headers, name)) is not None}
    started = time.monotonic()
    try:
        answer = httpx.post(target, content=body, headers=passed, timeout=_ANSWER_SECONDS, trust_env=False)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return {"error": f"{target} did not answer: {str(error) or type(error).__name__}"}
    return {"status": answer.status_code, "durationMs": round((time.monotonic() - started) * 1000)}


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name), None)


def _line(event: WebhookEvent, forwarded: Mapping[str, Any] | None) -> str:
    said = [event.type, *(_facts_of_job(event) if event.type != TEST_EVENT else ())]
    if forwarded is not None:
        said.append(f"-> {forwarded.get('status', forwarded.get('error'))}")
    return "  ".join(one_line(each) for each in said)


def _facts_of_job(event: WebhookEvent) -> list[str]:
    job = event.job
    # The org is the key's own.
    flow = (job.flow or "").partition("/")[2]
    return [flow, job.id, *([] if job.ran_for is None else [_short(job.ran_for)])]


def _short(duration: timedelta) -> str:
    """Return a duration so short that an event fits into a line of 80 characters."""
    seconds = duration.total_seconds()
    return f"{seconds:.1f} s" if seconds < _A_MINUTE else text_of_duration(duration)
