"""A local system for one test, with its own flows and settings and visible processes."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from noukai_infra.local.emulator.certificate import HOST
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_infra.local.running import READY, Running, started

KEY = "nk_local_acme"
_START_SECONDS = 120
_OF_THE_EMULATOR = "GATEWAY_PORT"
_OF_A_WORKER = "LEASE_SECONDS"


@dataclass(frozen=True)
class LocalSystem:
    """A system that takes requests at `url`."""

    url: str
    running: Running

    @classmethod
    @contextmanager
    def start(cls, flows: Path, context: Mapping[str, object], **environ: str) -> "Iterator[LocalSystem]":
        """Start it with settings as in the context of `cdk.json`, and with variables; stop it at the end."""
        with started(
            {**os.environ, "CDK_CONTEXT_JSON": json.dumps(context), **environ}, flows=flows
        ) as running:
            line = running.wait_for(lambda line: line.endswith(READY), _START_SECONDS)
            yield cls(line.removesuffix(READY), running)

    @property
    def emulator(self) -> Endpoint:
        """Return the endpoint of the emulator."""
        return emulator_below(psutil.Process(self.running.process.pid))

    def workers(self) -> list[psutil.Process]:
        """Return the workers' processes that live now."""
        emulators = psutil.Process(self.running.process.pid).children()
        return [
            child
            for emulator in emulators
            for child in _children(emulator)
            if _OF_A_WORKER in _environ(child)
        ]

    def flows(self) -> list[psutil.Process]:
        """Return the processes of the flows that run below a living worker."""
        return [child for worker in self.workers() for child in _children(worker)]


def has_ended(process: psutil.Process) -> bool:
    """Return whether nothing of the process runs any more; a zombie runs nothing."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children()
    except psutil.NoSuchProcess:
        return []


def _environ(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}  # gone since it was listed


def emulator_below(process: psutil.Process) -> Endpoint:
    """Return the endpoint of the emulator that a process has started."""
    for child in process.children(recursive=True):
        environ = _environ(child)
        if port := environ.get(_OF_THE_EMULATOR):
            return Endpoint(f"https://{HOST}:{port}", Path(environ["AWS_CA_BUNDLE"]))
    raise LookupError("no emulator is running")
