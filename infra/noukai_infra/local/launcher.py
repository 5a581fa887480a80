"""One run of the local system."""

import asyncio
import shlex
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_infra.bundle.libraries.dependencies import Dependencies
from noukai_infra.command_line import local_command
from noukai_infra.folders import REPOSITORY, SETTINGS_FILE
from noukai_infra.local import processes
from noukai_infra.local.address.api_address import Address
from noukai_infra.local.assembly import flow_files
from noukai_infra.local.assembly.emulated_stack import LOCAL_KEYS, EmulatedStack
from noukai_infra.local.assembly.synthesizer import Synthesizer
from noukai_infra.local.emulator.data import Data
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.readiness import answered
from noukai_infra.local.errors import LocalError
from noukai_infra.local.settings import Settings
from noukai_infra.local.terminal.log_line import is_metrics, readable
from noukai_infra.local.terminal.steps import Step
from noukai_wire.routes import Route
from noukai_wire.secrets_file import SECRETS_FILE


async def launch(settings: Settings, environ: Mapping[str, str], show: Callable[[str], None]) -> None:
    """Run the local system until cancelled; leave no process and no file behind.

    `show` gets each line for the terminal. The system accepts requests after the line with `ready`.

    Raises:
        LocalError: it cannot start, or its emulator has ended.
    """
    run = uuid.uuid4().hex
    with (
        Address.reserved(settings.port) as address,
        Data.locked(settings.data, is_fresh=settings.is_fresh) as data,
        TemporaryDirectory(prefix="noukai-local-", ignore_cleanup_errors=True) as folder,
    ):
        for notice in settings.notices:
            show(notice)
        system = _System(settings, Path(folder), data, {**environ, processes.MARK: run}, show)
        try:
            async with asyncio.TaskGroup() as tasks:
                try:
                    await system.run(tasks, address)
                finally:
                    # Before awaiting the tasks, because a held request would keep the server from closing.
                    await asyncio.to_thread(processes.end_all, run)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None


@dataclass(slots=True)
class _System:
    settings: Settings
    folder: Path
    data: Data
    environ: Mapping[str, str]
    show: Callable[[str], None]
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    synthesizer: Synthesizer = field(init=False)

    def __post_init__(self) -> None:
        self.synthesizer = Synthesizer(self.settings.flows, self.settings.context, self.environ, self.show)

    async def run(self, tasks: asyncio.TaskGroup, address: Address) -> None:
        # Watched before they are read, so that no change is missed.
        tasks.create_task(self._watch())
        tasks.create_task(self._watch_settings())
        self.show(Step.BUILD)
        runtime = await asyncio.to_thread(Dependencies("host").of_runtime)
        is_anew = not self.data.is_there
        emulator = await Emulator.start(
            self.folder,
            self.environ,
            objects_url=address.origin,
            runtime=runtime,
            contents=self.data.contents,
        )
        relay = tasks.create_task(emulator.relay(self._show_line))
        try:
            stack = await self._deploy(emulator)
            serving = address.serve(emulator.endpoint, stack.api_id, stack.buckets, stack.pages)
            tasks.create_task(serving)
            self.show(Step.ANSWER)
            await answered(f"{address.url}{Route.HEALTH.path()}")
            if not is_anew:
                self.show(f"continues with the data in {self.data.folder}")
                self.show(f"    {local_command('fresh')}    starts anew")
            for org, key in LOCAL_KEYS.items():
                self.show(f"key of the org {org}: {key}")
            self.show("to reach its AWS:")
            for name, value in emulator.endpoint.environment.items():
                self.show(f"    export {name}={shlex.quote(value)}")
            self.show(f"{address.url} ready")
            while await self.changed.wait():
                self.changed.clear()
                await self._reload(stack)
        finally:
            # From here on, the emulator's end is not an error.
            relay.cancel()
            await emulator.stop()

    async def _deploy(self, emulator: Emulator) -> EmulatedStack:
        with self._scratch() as outdir:
            assembly, stack, _ = await asyncio.gather(
                self.synthesizer.synthesize(Path(outdir), draining=self.data.waiting, former=self.data.flows),
                asyncio.to_thread(EmulatedStack.of, emulator.endpoint),
                emulator.ready(),
            )
            self.show(Step.DEPLOY)
            await asyncio.to_thread(self.settings.secrets.put, emulator.endpoint)
            await stack.create(assembly, now=int(time.time()))
        self.data.remember(stack.queues, stack.flows)
        return stack

    async def _reload(self, stack: EmulatedStack) -> None:
        started = time.monotonic()
        self.show("flows changed: reloading ...")
        try:
            with self._scratch() as outdir:
                # A worker that no flow asks for may still have jobs, so it stays until the end of the run.
                assembly = await self.synthesizer.synthesize(
                    Path(outdir), draining=[*stack.queues], former=stack.flows
                )
                updated = await stack.update(assembly)
                self.data.remember(stack.queues, stack.flows)
        except LocalError as error:
            self.show(f"{error}\nflows not reloaded: the previous version continues")
        else:
            taken = f"in {time.monotonic() - started:.1f} s"
            self.show(f"flows reloaded {taken}" if updated else f"flows compared {taken}: nothing to reload")

    async def _watch(self) -> None:
        async for _ in flow_files.changes(self.settings.flows):
            self.changed.set()

    async def _watch_settings(self) -> None:
        """Say that settings and secrets are read at the start alone, since flows are reloaded."""
        async for changed in flow_files.changed_of((SETTINGS_FILE, REPOSITORY / SECRETS_FILE)):
            names = " and ".join(sorted(each.name for each in changed))
            self.show(
                f"{names} changed: end this with Ctrl-C and start it again, since only flows are reloaded"
            )

    def _scratch(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory(dir=self.folder, ignore_cleanup_errors=True)

    def _show_line(self, source: str, line: str) -> None:
        if not is_metrics(line):
            self.show(readable(source, line, datetime.now()))  # noqa: DTZ005 - a person reads the time of the wall clock
