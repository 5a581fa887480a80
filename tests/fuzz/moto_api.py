"""The API's real functions over moto, behind an HTTP server on loopback instead of the gateway."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from noukai_functions.deployment import Deployment
from tests.bench.machine.loopback import Handler, Server, serving
from tests.functions.entries import ENTRIES
from tests.functions.gateway import content_of, event_of
from tests.functions.harness import system_on_moto


@contextmanager
def api_on_moto(asset: Path, key: str) -> Iterator[str]:
    """Serve a fresh deployment with a key of the org `acme` that allows everything; yield its base URL."""
    with system_on_moto(asset) as system:
        system.add_key(key, "acme", ("submit", "read", "cancel", "usage"))
        payloads = system.deployment.objects
        payloads.client.create_bucket(Bucket=payloads.bucket)
        server = Server(_handler(system.deployment))
        with serving(server):
            yield f"http://{server.address}"


def _handler(deployment: Deployment) -> type[Handler]:
    # A function answers one request at a time, and the clock of the deployment is shared.
    one_at_a_time = Lock()

    class Gateway(Handler):
        def __getattr__(self, name: str) -> Any:
            # The server looks for a method by the request's own, which may be anything.
            return self.pass_on if name.startswith("do_") else object.__getattribute__(self, name)

        def pass_on(self) -> None:
            event = event_of(
                self.command,
                self.path,
                self.headers.items(),
                self.body(),
                now=deployment.clock.now(),
                request_id="r-1",
            )
            with one_at_a_time:
                answered: dict[str, Any] = ENTRIES[event["routeKey"]](event, deployment)
            self.answer(answered["statusCode"], content_of(answered), **answered["headers"])

    return Gateway
