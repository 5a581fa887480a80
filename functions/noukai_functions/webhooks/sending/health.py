"""The health of endpoints: what their answers change about them."""

from dataclasses import dataclass

from noukai_functions.webhooks.sending.pauses import Tried, suspended_until
from noukai_functions.webhooks.store.endpoint import DISABLE_AFTER_MS, MOST_FAILURES, SLOW_MS, Endpoint
from noukai_functions.webhooks.store.endpoints import Endpoints

_ENABLE = "put it again to enable it, then redeliver what was missed"
GONE = f"it answered 410, so that it gets no further event: {_ENABLE}"
DEAD = f"every try of five days has failed: correct it and {_ENABLE}"


@dataclass(frozen=True, slots=True)
class Health:
    """The health of endpoints in their rows. One that always succeeds at once costs no write."""

    endpoints: Endpoints

    def note(self, endpoint: Endpoint, tried: Tried, now: int) -> Endpoint | None:
        """Record the outcome of a try; return the endpoint as it stands, None if it is gone."""
        if tried.is_success:
            return self._succeeded(endpoint, tried, now)
        if (endpoint.suspended_until or 0) > now:
            return endpoint  # another try of the same batch has suspended it
        failed = self.endpoints.note_failures(endpoint, 1, now)
        return failed and self._failed(failed, tried, now)

    def _failed(self, failed: Endpoint, tried: Tried, now: int) -> Endpoint | None:
        if tried.is_gone:
            return self.endpoints.disable(failed, GONE, now)
        if now - (failed.failing_since or now) >= DISABLE_AFTER_MS:
            return self.endpoints.disable(failed, DEAD, now)
        is_silent = tried.status is None or tried.retry_after_seconds is not None
        if is_silent or failed.is_suspended or failed.failures >= MOST_FAILURES:
            until = suspended_until(failed.suspensions, tried, now)
            return self.endpoints.suspend(failed, until, failed.suspensions + 1)
        return failed

    def _succeeded(self, endpoint: Endpoint, tried: Tried, now: int) -> Endpoint | None:
        if tried.duration_ms > SLOW_MS:
            return self.endpoints.note_slow_success(endpoint, now)
        if endpoint.is_suspended or endpoint.failing_since is not None:
            return self.endpoints.note_success(endpoint)
        return endpoint
