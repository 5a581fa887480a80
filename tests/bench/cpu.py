"""The CPU of the warm functions, measured on moto, whose own part is subtracted.

A kept process is measured apart, in one that has loaded only a worker: this one has loaded all of moto.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import process_time
from typing import Any
from unittest.mock import patch

from noukai_functions.aws.connection import Answer, Connection
from noukai_wire.routes import Route
from tests.bench import prices
from tests.bench.account.cloud import Cpu
from tests.bench.account.life import Life
from tests.bench.account.passing import Processes
from tests.bench.account.timeline import Timeline
from tests.functions.harness import System
from tests.functions.time import LambdaContext

_SAMPLES = 25
_BATCH = 10


@dataclass
class OwnCpu:
    """A clock of this process's CPU that stands still while moto answers."""

    moto: float = 0.0
    calls: int = 0

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Leave out what moto needs for a call, while the context lasts."""
        exchange = Connection.exchange

        def timed(connection: Connection, *request: Any) -> Answer:
            self.calls += 1
            begun = process_time()
            try:
                return exchange(connection, *request)
            finally:
                self.moto += process_time() - begun

        with patch.object(Connection, "exchange", timed):
            yield

    def now(self) -> float:
        """Return the CPU time in milliseconds."""
        return 1000 * (process_time() - self.moto)


def measured(system: System) -> Cpu:
    """Measure each function on a job of the usual size, and add the assumed parts.

    The least of many samples counts, since a busy machine only adds.
    """
    clock = OwnCpu()
    with clock.attached():
        return _measured(system, clock)


def _measured(system: System, clock: OwnCpu) -> Cpu:
    job_id = _submit(system)
    call, _ = _least(clock, lambda: system.deployment.table.read(job_id, consistent=False))
    totals = {
        "submit": _least(clock, lambda: _submit(system)),
        "status": _least(clock, lambda: system.send(Route.STATUS_BY_ID, id=job_id)),
        "wait": _least(clock, lambda: system.send(Route.WAIT_BY_ID, id=job_id, query="seconds=0")),
        "cancel": _least(clock, lambda: system.send(Route.CANCEL_BY_ID, id=job_id)),
    }
    totals["list"] = _least(clock, lambda: system.send(Route.LIST_ORG, org="acme"))
    # Beyond a submission they only call AWS, which is counted per call.
    totals["statuses"] = totals["list"]
    totals["retry"] = totals["execute"] = totals["submit"]
    one, ten = _worker(system, clock, 1), _worker(system, clock, _BATCH)
    job = max(0.0, ten[0] - one[0] - call * (ten[1] - one[1])) / (_BATCH - 1)
    totals["worker"] = (one[0] - job, one[1])
    fork = subprocess.run(
        [sys.executable, "-m", "tests.bench.machine.forking"], check=True, capture_output=True, text=True
    )
    overhead = prices.assumed("runtime_cpu_ms")
    invocation = {name: max(0.0, total - call * calls) + overhead for name, (total, calls) in totals.items()}
    return Cpu(invocation, call + prices.assumed("socket_cpu_ms"), job + float(fork.stdout))


def _least(clock: OwnCpu, act: Callable[[], object], samples: int = _SAMPLES) -> tuple[float, int]:
    """Return the milliseconds that an act takes, and the number of its AWS calls."""
    took = []
    for _ in range(samples + 1):
        begun, clock.calls = clock.now(), 0
        act()
        took.append(clock.now() - begun)
    return min(took), clock.calls


def _submit(system: System) -> str:
    message, parameters = Life(milliseconds=0).input
    answer = system.submit("load/brief", message=message, parameters=parameters)
    return str(answer.body["id"])


def _worker(system: System, clock: OwnCpu, jobs: int) -> tuple[float, int]:
    """Measure an invocation of the worker for that many flows, which do nothing."""
    timeline = Timeline()
    batches = [[_record(system) for _ in range(jobs)] for _ in range(_SAMPLES // jobs + 4)]

    def invoke() -> None:
        with patch.object(system.deployment, "processes", Processes(timeline, system.deployment)):
            system.deployment.worker.work({"Records": batches.pop()}, LambdaContext())

    def begin() -> None:
        timeline.start(invoke)
        timeline.run()

    return _least(clock, begin, len(batches) - 1)


def _record(system: System) -> dict[str, str]:
    job_id = _submit(system)
    message, parameters = Life(milliseconds=0).input
    body = system.message_of(job_id, arguments={"message": message, **parameters}).body
    return {"messageId": job_id, "receiptHandle": job_id, "body": body}
