"""The synthesis of the cloud assembly in a kept process."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from noukai_infra.folders import REPOSITORY
from noukai_infra.local.assembly.assembly import Assembly
from noukai_infra.local.assembly.synthesizer_process import DONE
from noukai_infra.local.errors import LocalError

_PROGRESS = "Bundling asset "
_LINE_LIMIT = 2**20


@dataclass(slots=True)
class Synthesizer:
    """A kept process of the CDK app; its output goes to `show`.

    `context` has settings besides those of `cdk.json`, so that a local system can have all settings of a
    deployment.
    """

    flows: Path
    context: Mapping[str, object]
    environ: Mapping[str, str]
    show: Callable[[str], None]
    _process: asyncio.subprocess.Process | None = field(default=None, init=False)

    async def synthesize(
        self, outdir: Path, draining: Sequence[str] = (), former: Sequence[str] = ()
    ) -> Assembly:
        """Synthesize the assembly of the flows, with workers of the `draining` kinds.

        Lists also show the jobs of the `former` flows.

        Raises:
            LocalError: with the process's output, for instance the file and line of an invalid flow.
        """
        named = {"draining": list(draining), "former": list(former)}
        own = {
            "platform": "host",
            "flows": str(self.flows),
            # It is reached at localhost.
            "domain": None,
            "edge": None,
            # Changed flows replace the former ones at once: there is no other version.
            "canary": None,
            **{name: each for name, each in named.items() if each},
        }
        # A company's keys, boundaries and bootstrap are not on this machine.
        rules = {"company": {}, "protect": False}
        local = {"copy_logs": True, "webhooks_to_localhost": True, "console_from_localhost": True}
        context = {**local, **rules, **self.context, **own}
        said, is_done = await self._order({"outdir": str(outdir), "context": context})
        if not is_done:
            # The next process loads the CDK while the flow is being corrected.
            self._process = await self._start()
            raise LocalError("\n".join(said))
        for line in said:
            self.show(line)
        return await asyncio.to_thread(Assembly.read, outdir)

    async def _order(self, order: Mapping[str, object]) -> tuple[list[str], bool]:
        """Return the process's output for an order, and whether it succeeded."""
        process = self._process
        if process is None or process.returncode is not None:
            process = self._process = await self._start()
        said: list[str] = []
        if process.stdin is None or process.stderr is None:
            return said, False
        with suppress(ConnectionError):  # the process has ended, and its output says why
            process.stdin.write(json.dumps(order).encode() + b"\n")
            await process.stdin.drain()
        async for raw in process.stderr:
            line = raw.decode(errors="replace").rstrip()
            if line == DONE:
                return said, True
            if line and not line.startswith(_PROGRESS):
                said.append(line)
        await process.wait()
        return said, False

    async def _start(self) -> asyncio.subprocess.Process:
        # The context comes with each order. Validation would take seconds, and the emulator checks the
        # template anyway.
        settings = {"CDK_CONTEXT_JSON": "{}", "CDK_VALIDATION": "false"}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "noukai_infra.local.assembly.synthesizer_process"),
            cwd=REPOSITORY,
            env={**self.environ, **settings},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            limit=_LINE_LIMIT,
            start_new_session=True,
        )
