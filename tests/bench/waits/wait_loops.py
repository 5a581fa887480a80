"""Waiting for a simulated job as this client does, and with the loops of other clients."""

from collections.abc import Callable, Iterator

import httpx

from noukai._core.api import Api
from noukai._core.operation import Outcome, Reply, Sleep, advance
from noukai._core.settings import Settings
from noukai._core.waiting.wait import WaitTerms, wait
from tests.bench.waits.simulated_api import BASE_URL, KEY, ROUND_TRIP, Life, SimulatedApi

Loop = Callable[[SimulatedApi, Life], None]


def ours(api: SimulatedApi, life: Life) -> None:
    """Run the core of this repository's client on the simulated clock."""
    settings = Settings.resolve({}, KEY, base_url=BASE_URL)
    core = Api(settings, clock=lambda: api.timeline.time / 1000, jitter=lambda: 0.5)
    operation = wait(core, life.id, WaitTerms())
    reply: Reply = None
    while not isinstance(step := advance(operation, reply), Outcome):
        reply = None
        match step:
            case Sleep():
                api.timeline.sleep(step.seconds)
            case httpx.Request():
                reply = api.send(step)
    life.noticed_at = api.timeline.time


def polling(pauses: Callable[[], Iterator[float]]) -> Loop:
    """Poll the status with these pauses in seconds in between."""

    def loop(api: SimulatedApi, life: Life) -> None:
        pause = pauses()
        now = api.timeline.time
        while True:
            life.requests += 1
            life.read_units += 1.0
            answered_at = now + ROUND_TRIP * 1000
            if life.ended_at <= now + ROUND_TRIP * 500:
                break
            now = answered_at + next(pause) * 1000
        life.noticed_at = answered_at

    return loop


def _fixed(seconds: float) -> Callable[[], Iterator[float]]:
    def pauses() -> Iterator[float]:
        while True:
            yield seconds

    return pauses


def _growing() -> Iterator[float]:
    pause = 1.0
    while True:
        yield pause
        pause = min(20.0, pause * 1.5)


PEERS: dict[str, Loop] = {
    "noukai-sdk, 2 s fixed": polling(_fixed(2.0)),
    "replicate, 0.5 s fixed": polling(_fixed(0.5)),
    "fal-client, 0.1 s fixed": polling(_fixed(0.1)),
    "google-api-core, 1 s to 20 s": polling(_growing),
}
