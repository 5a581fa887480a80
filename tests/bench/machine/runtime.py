"""A function under Lambda's own runtime client, in a process of its own that is watched from outside."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from sysconfig import get_path
from tempfile import TemporaryFile
from threading import Event
from typing import Any

from tests.bench.machine.loopback import Handler, Server, json_bytes, serving

RUNTIME = ("awslambdaric", "simplejson", "snapshot_restore_py", "runtime_client*.so")
"""Lambda's own runtime client and what it needs."""
INSTALLED = Path(get_path("platlib"))
_PATIENCE_SECONDS = 60
_DEADLINE_SECONDS = 900


@dataclass(frozen=True)
class Run:
    """The cost of a process: CPU in milliseconds, user and system together, and memory in MiB."""

    own_ms: float
    children_ms: float
    warm_ms: float
    """The process's own CPU after the warm-up; without a warm-up, after its start."""
    children_warm_ms: float
    """The CPU after the warm-up of those children that are alive at its end."""
    rss: float
    """The peak."""
    log: str


@dataclass(frozen=True)
class Function:
    """A handler below the folder `code`, with the environment and the path of its process."""

    code: Path
    handler: str
    environment: Mapping[str, str]
    path: Sequence[Path] = ()

    def run(self, event: Mapping[str, Any], *, times: int = 1, warm_up: int = 0, **environment: str) -> Run:
        """Start it, let it serve the event that often after the warm-up, and kill it while it waits."""
        api = _RuntimeApi([event] * (warm_up + times))
        with serving(api), TemporaryFile() as log:
            process = subprocess.Popen(
                [sys.executable, "-S", "-m", "awslambdaric", self.handler],
                cwd=self.code,
                env={
                    **self.environment,
                    "AWS_LAMBDA_RUNTIME_API": api.address,
                    "PYTHONPATH": os.pathsep.join(map(str, self.path)),
                    **environment,
                },
                stdout=log,
                stderr=log,
            )
            try:
                api.watch(process.pid, warm_up)
                living_ms = _living_ms(process.pid)
                own_ms, children_ms = _cpu_ms(process.pid), _children_ms(process.pid) + living_ms
                rss = _peak_mib(process.pid)
            finally:
                process.kill()
                process.wait()
            log.seek(0)
            text = log.read().decode()
        if api.failure or not api.over.is_set():
            raise RuntimeError(f"{self.handler}: {api.failure or 'it has ended too soon or hangs'}\n{text}")
        return Run(
            own_ms, children_ms, own_ms - api.warm_from_ms, living_ms - api.children_warm_from_ms, rss, text
        )


def link_libraries(folder: Path, patterns: Iterable[str]) -> Path:
    """Fill a folder with these of the installed libraries, and no others."""
    folder.mkdir()
    for path in (path for pattern in patterns for path in INSTALLED.glob(pattern)):
        (folder / path.name).symlink_to(path)
    return folder


class _RuntimeApi(Server):
    """The server of the runtime client: it hands out events, and never answers the last request."""

    def __init__(self, events: list[Mapping[str, Any]]) -> None:
        super().__init__(_Handler)
        self.events = events
        self.served = 0
        self.failure = ""
        self.over = Event()
        self.warm = Event()
        self.go_on = Event()
        self.warm_from_ms = self.children_warm_from_ms = 0.0
        self.warm_up = 0

    def watch(self, pid: int, warm_up: int) -> None:
        """Return when all events are served; read the process's CPU when those of the warm-up are.

        Without a warm-up it is read when the process asks for the first event: it has started.
        """
        self.warm_up = warm_up
        if self.warm.wait(_PATIENCE_SECONDS):
            self.warm_from_ms, self.children_warm_from_ms = _cpu_ms(pid), _living_ms(pid)
        self.go_on.set()
        self.over.wait(_PATIENCE_SECONDS)


class _Handler(Handler):
    server: _RuntimeApi

    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        api = self.server
        if api.served == api.warm_up:
            api.warm.set()
            api.go_on.wait(_PATIENCE_SECONDS)
        if api.served == len(api.events):
            api.over.set()
            self.close_connection = True
            self.rfile.read(1)  # until the process is gone
            return
        self.answer(
            200,
            json_bytes(api.events[api.served]),
            Content_Type="application/json",
            Lambda_Runtime_Aws_Request_Id=f"8476a536-e9f4-11e8-9739-{api.served:012d}",
            Lambda_Runtime_Deadline_Ms=str(int((time.time() + _DEADLINE_SECONDS) * 1000)),
            Lambda_Runtime_Invoked_Function_Arn="arn:aws:lambda:us-east-1:123456789012:function:bench",
            Lambda_Runtime_Trace_Id="Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0",
        )

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        answer = json.loads(self.body() or b"null") or {}
        failed = answer.get("statusCode", 200) >= HTTPStatus.BAD_REQUEST or answer.get("batchItemFailures")
        if failed or not self.path.endswith("/response"):
            self.server.failure = json.dumps(answer)
            self.server.over.set()
        self.server.served += 1
        self.answer(202, b"{}")


def _cpu_ms(pid: int) -> float:
    """Read the CPU clock of another process; clock_getcpuclockid(3) explains its number."""
    return time.clock_gettime((~pid << 3) | 2) * 1000


def _children_ms(pid: int) -> float:
    """Read the CPU of those children that have ended, in ticks of the clock."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) * 1000 / os.sysconf("SC_CLK_TCK")


def _living_ms(pid: int) -> float:
    """Read the CPU of the living children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_cpu_ms(int(child)) for child in children)


def _peak_mib(pid: int) -> float:
    # Not `ru_maxrss`: a process inherits that from the one that started it.
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
