"""The posting of webhooks from AWS: its name servers, its connections and the authorities that it trusts."""

from typing import Any

from noukai_infra.verify.check import Saw, check, require
from noukai_infra.verify.deployed import Deployed
from noukai_wire.routes import Route

_NAME = "verify-aws"
_SECONDS = 150
"""The first endpoint begins the reading of its queue, which takes AWS up to a minute."""


@check("A webhook is posted by TLS, here to the API itself.", on_aws=True)
def webhook_is_posted(deployed: Deployed, saw: Saw) -> None:
    url = f"{deployed.outputs['Endpoint'].rstrip('/')}/verify-aws"
    deployed.api.put(Route.PUT_WEBHOOK.path(name=_NAME), json={"url": url}).raise_for_status()
    try:
        event = deployed.api.post(Route.TEST_WEBHOOK.path(name=_NAME)).raise_for_status().json()["id"]
        tried = _tried(deployed, event)
    finally:
        deployed.api.delete(Route.DELETE_WEBHOOK.path(name=_NAME))
    saw(f"status {tried.get('status')} after {tried.get('durationMs')} ms, error {tried.get('error')}")
    require(tried.get("status") is not None, "an answer, whatever its status")


def _tried(deployed: Deployed, event: str) -> dict[str, Any]:
    """Return the delivery of an event once it was tried, or as it stands in the end."""
    deadline = deployed.clock() + _SECONDS
    while True:
        page = deployed.api.get(Route.WEBHOOK_DELIVERIES.path(name=_NAME)).raise_for_status().json()
        found: dict[str, Any] = next((each for each in page["deliveries"] if each["id"] == event), {})
        if found.get("tries") or deployed.clock() >= deadline:
            return found
        deployed.sleep(1)
