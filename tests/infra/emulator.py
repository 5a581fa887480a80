"""The emulator alone, without a deployment, for a test that calls it itself."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from uuid import uuid4

from anyio import create_task_group
from anyio.from_thread import start_blocking_portal

from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.processes import MARK, end_all


@contextmanager
def running_emulator(folder: Path, runtime: Path | None = None) -> Iterator[Emulator]:
    """Start it with its files below `folder`; yield it once it takes requests, and end its processes.

    Functions run only with `runtime`, the libraries of their runtime.
    """
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(_running(folder, runtime)) as emulator,
    ):
        yield emulator


@asynccontextmanager
async def _running(folder: Path, runtime: Path | None) -> AsyncIterator[Emulator]:
    run = uuid4().hex
    emulator = await Emulator.start(folder, {**os.environ, MARK: run}, runtime=runtime)
    try:
        async with create_task_group() as tasks:
            tasks.start_soon(emulator.relay, lambda *_: None)
            await emulator.ready()
            yield emulator
            tasks.cancel_scope.cancel()
    finally:
        end_all(run)
        await emulator.process.wait()
