"""A caller on simulated time: the real client, whose requests go straight to the simulated gateway."""

from typing import Any, TypeVar, cast

import httpx

from noukai._address import FlowAddress
from noukai._api import Api
from noukai._flow import Flow
from noukai._operation import Operation, Outcome, Reply, Report, Sleep, advance
from noukai._settings import Settings
from tests.bench.cloud import Cloud

T = TypeVar("T")
KEY = "nk_acme"


class SimulatedDriver:
    """Performs the steps of an operation in a simulated account."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def run(self, operation: Operation[T]) -> T:
        """Return the outcome of the operation."""
        reply: Reply = None
        while not isinstance(step := advance(operation, reply), Outcome):
            reply = None
            match step:
                case Sleep():
                    self._cloud.timeline.sleep(step.seconds)
                case Report():
                    step.listener(step.progress)
                case httpx.Request():
                    reply = self._cloud.answer(step)
        return step.value


def flow_of(cloud: Cloud, name: str) -> Flow:
    """Give a flow of the benchmark as a client has it."""
    settings = Settings.resolve({}, KEY, base_url="https://api.test/api/v1")
    api = Api(settings, clock=lambda: cloud.timeline.time / 1000, jitter=lambda: 0.5)
    driver: Any = SimulatedDriver(cloud)
    return Flow(FlowAddress("acme", "load", name), api, cast("Any", driver))
