"""`python -m tests.soak.reactions.isolation`: what an endpoint that suddenly hangs does to another.

One reader of the queue, the worst case, posts to two real receivers and waits its real fifteen seconds.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.handlers import deliver
from noukai_functions.webhooks.sending.message import Event, Message, body_of
from noukai_infra.local.emulator.endpoint import ROOT_USER
from tests.functions import conftest
from tests.functions.harness import system_on_moto
from tests.functions.stand_ins.calls import hook
from tests.functions.webhooks.hooks import Hooks
from tests.functions.webhooks.receiver import Receiver, receiving
from tests.silence import silent_functions

BATCH = 10
BETWEEN = 1000
"""After how many events of the endpoint that hangs comes one of the other."""


@contextmanager
def prepared() -> Iterator[Hooks]:
    """Make a deployment on moto, which resolves names on this machine alone."""
    variables = {**ROOT_USER, "AWS_DEFAULT_REGION": "us-east-1"}
    with tempfile.TemporaryDirectory() as folder, patch.dict("os.environ", variables):
        asset = Path(folder)
        shutil.copytree(conftest.FLOWS, asset / "flows", ignore=shutil.ignore_patterns("__pycache__"))
        build_catalog(asset / "flows", asset / "catalog")
        with silent_functions(), system_on_moto(asset) as system:
            yield Hooks(system)


def message(hooks: Hooks, name: str, number: int) -> Message:
    """Return the message of a job's end to an endpoint."""
    now = hooks.system.clock.time
    job_id = f"{name}-{number}"
    body = body_of("job.completed", None, {"id": job_id})
    return Message.to(hooks.endpoint(name), Event(now, "job.completed", body, job_id), job_id, now)


def delays(hooks: Hooks, hung: Receiver, well: Receiver, events: int) -> list[float]:
    """Deliver all; return how long each event of the well endpoint took, with the batch before its own."""
    hooks.put(hung.url, "hangs")
    hooks.put(well.url, "well")
    hung.hang()
    queue = [message(hooks, "hangs", number) for number in range(events)]
    for place in range(events - BETWEEN // 2, 0, -BETWEEN):
        queue.insert(place, message(hooks, "well", place))
    queue.insert(BATCH, message(hooks, "well", events))  # right behind the first batch
    found, before = [], time.monotonic()
    for place in range(0, len(queue), BATCH):
        batch, posts = queue[place : place + BATCH], len(well.posts)
        begun = time.monotonic()
        records = [{"messageId": each.id, "body": each.text} for each in batch]
        assert not deliver.deliver({"Records": records}, hooks.deployment)["batchItemFailures"]
        if len(well.posts) > posts:
            found.append(time.monotonic() - before)
        before = begun
    return found


def main() -> int:
    """Print the figures; exit with 1 if the other endpoint waited longer than promised."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak.reactions.isolation")
    parser.add_argument("--events", type=int, default=10_000)
    events = parser.parse_args().events
    calls: Counter[str] = Counter()
    with prepared() as hooks, receiving() as hung, receiving() as well:
        end = hook(hooks.deployment.endpoints.client, before=lambda _: calls.update(["calls of DynamoDB"]))
        first, *others = delays(hooks, hung, well, events)
        end()
    lines = [
        f"events of the endpoint that hangs  {events}",
        f"posts to it                        {len(hung.posts)}",
        f"calls of DynamoDB                  {calls.total()}",
        f"the other waited                   {first:.1f} s behind the first batch",
        f"and then                           {max(others):.2f} s at most, {len(others)} times",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 0 if first <= 20 and max(others) <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
