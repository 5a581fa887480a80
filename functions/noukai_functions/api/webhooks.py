"""The webhook endpoints and deliveries in answers. Pure."""

from typing import Any

from noukai_functions.timestamps import timestamp
from noukai_functions.webhooks.store.delivery import Delivery
from noukai_functions.webhooks.store.endpoint import Endpoint


def webhook(endpoint: Endpoint, now: int, secret: str | None = None) -> dict[str, Any]:
    """Return an endpoint, with its secret only if it was just made."""
    old_until = max((until for until in (endpoint.old_until or {}).values() if until > now), default=None)
    is_enabled = endpoint.disabled_at is None
    return _present(
        {
            "name": endpoint.name,
            "url": endpoint.url,
            "events": list(endpoint.events),
            "flow": endpoint.flow,
            "createdAt": timestamp(endpoint.created_at),
            "secret": secret,
            "oldSecretsUntil": timestamp(old_until),
            "failingSince": timestamp(endpoint.failing_since),
            "nextTryAt": timestamp(endpoint.due_at) if is_enabled else None,
            "disabledAt": timestamp(endpoint.disabled_at),
            "disabledReason": endpoint.disabled_reason,
        }
    )


def webhook_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery, with the outcome of its latest try."""
    return _present(
        {
            "id": delivery.id,
            "type": delivery.type,
            "state": delivery.state,
            "jobId": delivery.job_id,
            "flow": delivery.flow,
            "createdAt": timestamp(delivery.at),
            "tries": delivery.tries,
            "lastTryAt": timestamp(delivery.last_at),
            "nextTryAt": timestamp(delivery.due_at),
            "status": delivery.status,
            "durationMs": delivery.duration_ms,
            "answer": delivery.answer,
            "error": delivery.error,
        }
    )


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
