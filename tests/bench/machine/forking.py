"""A program that prints the CPU of an attempt in a kept process, in ms of both processes together."""

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from noukai_functions.build.catalog_build import build_catalog
from noukai_functions.deployment import Deployment
from noukai_functions.worker import execution
from noukai_functions.worker.exchange import Call
from noukai_functions.worker.process.pool import ProcessPool
from noukai_functions.worker.process.process import FlowProcess
from tests.flow_process import called

_SAMPLES = 40
_FLOWS = Path(__file__).parents[1] / "account" / "flows"
_NOW = int(time.time() * 1000)


def main() -> None:
    """Pass calls of a flow that returns at once to the process; print the least time of one."""
    with pool_of_loads() as pool:
        sys.stdout.write(f"{min(_once(pool) for _ in range(_SAMPLES)):.4f}\n")


@contextmanager
def pool_of_loads() -> Iterator[ProcessPool]:
    """Make a worker's pool for the flows of the benchmarks."""
    _ = execution  # loaded as in a worker
    with TemporaryDirectory() as folder:
        asset = Path(folder)
        (asset / "flows").symlink_to(_FLOWS)
        build_catalog(_FLOWS, asset / "catalog")
        gc.freeze()
        pool = Deployment(os.environ, asset).processes
        try:
            yield pool
        finally:
            pool.close()


def attempt(pool: ProcessPool) -> FlowProcess:
    """Pass one call to the process and give it back."""
    process = pool.take("load", fresh=False)
    arguments = {"message": "m" * 200, "size": 498, "milliseconds": 0}
    called(
        process,
        Call("load/brief", "job_x", "acme", 1, _NOW, 3600, 60_000, _NOW + 60_000, process.folder, arguments),
    )
    pool.give_back(process)
    return process


def _once(pool: ProcessPool) -> float:
    """Return the milliseconds of both processes."""
    process = pool.take("load", fresh=False)
    begun = _now(process)
    pool.give_back(process)
    return _now(attempt(pool)) - begun


def _now(process: FlowProcess) -> float:
    """Return the CPU of this process and the flow's; clock_getcpuclockid(3) explains the clock's number."""
    return 1000 * (process_time() + time.clock_gettime((~process.pid << 3) | 2))


if __name__ == "__main__":
    main()
