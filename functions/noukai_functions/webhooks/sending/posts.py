"""The posting of events: signed with the endpoint's secrets as they are at the try."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from noukai_functions.clock import Clock
from noukai_functions.webhooks.posting.poster import Post, Poster, PostFailedError
from noukai_functions.webhooks.sending.master import Master
from noukai_functions.webhooks.sending.pauses import Tried
from noukai_functions.webhooks.signature import signed_headers
from noukai_functions.webhooks.store.endpoint import Endpoint

Try = tuple[Endpoint, str, bytes]
"""An endpoint, the `webhook-id` of an event and its body."""


@dataclass(frozen=True, slots=True)
class Posts:
    """The posts of a function."""

    poster: Poster
    master: Master
    clock: Clock

    def make(self, tries: Sequence[Try]) -> Iterator[tuple[int, Tried]]:
        """Send side by side; yield each outcome with its number as it comes."""
        if not tries:
            return
        seconds = self.clock.now() // 1000
        for number, outcome in self.poster.post_all([self._post(each, seconds) for each in tries]):
            if isinstance(outcome, PostFailedError):
                yield number, Tried(None, outcome.duration_ms, error=outcome.reason)
            else:
                yield (
                    number,
                    Tried(
                        outcome.status,
                        outcome.duration_ms,
                        outcome.text,
                        retry_after_seconds=outcome.retry_after_seconds,
                    ),
                )

    def _post(self, one: Try, seconds: int) -> Post:
        endpoint, event_id, body = one
        versions = endpoint.versions(seconds * 1000)
        secrets = [self.master.secret(endpoint, version) for version in versions]
        return Post(endpoint.url, signed_headers(event_id, seconds, body, secrets), body)
