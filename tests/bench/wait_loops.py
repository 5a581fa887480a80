"""Waiting for a simulated job as this client does, and as the loops of others do."""

from collections.abc import Callable, Iterator

import httpx

from noukai import JobFailedError
from noukai._api import Api
from noukai._operation import Outcome, Reply, Report, Sleep, advance
from noukai._settings import Settings
from noukai._wait import Wait, WaitTerms
from tests.bench.simulated_api import BASE_URL, KEY, Life, SimulatedApi, is_terminal

Loop = Callable[[SimulatedApi, Life], None]


def ours(api: SimulatedApi, life: Life, **terms: object) -> None:
    """The core of this repository's client, performed on the simulated clock."""
    settings = Settings.resolve({}, KEY, base_url=BASE_URL)
    core = Api(settings, clock=api.timeline.seconds, jitter=lambda: 0.5)
    operation = Wait(core, life.id, WaitTerms(**terms)).result()  # type: ignore[arg-type]  # they are those of a wait
    reply: Reply = None
    try:
        while not isinstance(step := advance(operation, reply), Outcome):
            reply = None
            match step:
                case Sleep():
                    api.timeline.sleep(step.seconds)
                case Report():
                    step.listener(step.progress)
                case httpx.Request():
                    reply = api.send(step)
    except JobFailedError:
        pass
    life.noticed_at = api.timeline.time


def polling(pauses: Callable[[], Iterator[float]]) -> Loop:
    """Ask for the status, again and again, with these pauses in seconds in between."""

    def loop(api: SimulatedApi, life: Life) -> None:
        request = httpx.Request("GET", f"{BASE_URL}/jobs/{life.id}")
        pause = pauses()
        while not is_terminal(api.send(request)):
            api.timeline.sleep(next(pause))
        life.noticed_at = api.timeline.time

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
    "google-api-core, 1 s × 1.5 up to 20 s": polling(_growing),
}
