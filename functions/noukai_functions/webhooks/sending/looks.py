"""The looks at endpoints with something due, each an invocation of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock
from noukai_functions.webhooks.store.endpoints import Endpoints

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

LOOK = "look"
"""The member of an event that names an endpoint to look at."""

MOST_LOOKS = 50
"""The most endpoints that one tick looks at. The others are older at the next tick, and so come first."""


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks of a tick. One that is lost is repeated by the next tick, since its endpoint stays due."""

    endpoints: Endpoints
    client: "Callable[[], LambdaClient]"
    function: str
    clock: Clock

    def begin(self, has_time: Callable[[], bool]) -> int:
        """Invoke the delivering function for each endpoint that is due; return how many."""
        count = 0
        for org, name, due_at in self.endpoints.due(self.clock.now(), MOST_LOOKS):
            if not has_time():
                break
            event = {LOOK: {"org": org, "name": name, "due_at": due_at}}
            client = self.client()
            client.invoke(
                FunctionName=self.function, InvocationType="Event", Payload=json.dumps(event).encode()
            )
            count += 1
        return count
