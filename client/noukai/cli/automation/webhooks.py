"""The commands `noukai webhooks …`."""

import json
from itertools import islice
from typing import Annotated

import typer

from noukai._display.tables import show_deliveries, show_webhooks
from noukai.cli import options
from noukai.cli.command import EPILOG, connected
from noukai.cli.parsing.durations import past
from noukai.cli.terminal import say, show_json, tell
from noukai_wire.limits import DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT
from noukai_wire.webhooks import EVENT_TYPES, Webhook, WebhookDeliveryList, WebhookList, WebhookTest

from .facts import show_webhook

app = typer.Typer(
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Manage webhook endpoints, and see their deliveries.",
)

Name = Annotated[str, typer.Argument(help="The endpoint's name.")]


def _types(begun: str) -> list[str]:
    return [each for each in EVENT_TYPES if each.startswith(begun)]


Events = Annotated[
    list[str] | None,
    typer.Option(
        "--event",
        metavar="TYPE",
        autocompletion=_types,
        help=f"Tell of {', '.join(EVENT_TYPES)}; repeatable, by default all.",
    ),
]


@app.command("list", epilog=EPILOG)
def list_webhooks(*, as_json: options.Json = False) -> None:
    """List the webhook endpoints of the key's org."""
    with connected() as client:
        found = client.webhooks.list()
    if as_json:
        show_json(WebhookList(webhooks=found))
    else:
        show_webhooks(found)


@app.command(epilog=EPILOG)
def put(
    *,
    name: Name,
    url: Annotated[str, typer.Option(metavar="URL", help="A public https address.")],
    event: Events = None,
    flow: Annotated[str | None, typer.Option(help="Tell only of this flow: org/project/flow.")] = None,
    as_json: options.Json = False,
) -> None:
    """Create or change an endpoint, and print it with a new secret."""
    with connected() as client:
        _show(client.webhooks.put(name, url=url, events=event, flow=flow), as_json=as_json)


@app.command(epilog=EPILOG)
def show(*, name: Name, as_json: options.Json = False) -> None:
    """Print an endpoint: whether it fails, and what to do."""
    with connected() as client:
        _show(client.webhooks.get(name), as_json=as_json)


@app.command(epilog=EPILOG)
def delete(*, name: Name) -> None:
    """Delete an endpoint, with the events that wait for it."""
    with connected() as client:
        client.webhooks.delete(name)


@app.command(epilog=EPILOG)
def rotate(
    *,
    name: Name,
    revoke: Annotated[bool, typer.Option("--revoke", help="The old secret signs no more.")] = False,
    as_json: options.Json = False,
) -> None:
    """Make a new secret; the old one signs for another 24 hours."""
    with connected() as client:
        _show(client.webhooks.rotate(name, revoke=revoke), as_json=as_json)


@app.command("test", epilog=EPILOG)
def send_test(*, name: Name, as_json: options.Json = False) -> None:
    """Send a test event, and print its webhook-id."""
    with connected() as client:
        webhook_id = client.webhooks.test(name)
    if as_json:
        show_json(WebhookTest(id=webhook_id))
    else:
        say(webhook_id)


@app.command(epilog=EPILOG)
def deliveries(
    *, name: Name, limit: options.Limit = DEFAULT_LIST_LIMIT, as_json: options.Json = False
) -> None:
    """List the newest deliveries to an endpoint."""
    with connected() as client:
        pages = client.webhooks.deliveries(name, page_size=min(limit, MAX_LIST_LIMIT))
        found = list(islice(pages, limit))
    if as_json:
        show_json(WebhookDeliveryList(deliveries=found))
    else:
        show_deliveries(found)


@app.command(epilog=EPILOG)
def redeliver(
    *,
    name: Name,
    since: Annotated[
        str, typer.Option(parser=past, metavar="TIME|AGO", help="Events from then on: ISO 8601, or 3d.")
    ],
    as_json: options.Json = False,
) -> None:
    """Send the events again that an endpoint has missed."""
    with connected() as client:
        count = client.webhooks.redeliver(name, since=since)
    say(json.dumps({"redelivered": count}) if as_json else f"{count} sent again")


def _show(webhook: Webhook, *, as_json: bool) -> None:
    (show_json if as_json else show_webhook)(webhook)
    if webhook.secret is not None and not as_json:
        tell("Keep the secret: it is not shown again.")
