"""Many jobs on a local system whose workers are killed and whose way to AWS is bad."""

import random
import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from functions.lifecycle import Job
from noukai import Noukai
from tests.e2e.local_system import KEY, LocalSystem
from tests.soak.faults import BadConnection
from tests.soak.plan import Plan
from tests.soak.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTSTANDING = 50
"""Jobs that are submitted and have not ended; more would only wait."""
LOOK_SECONDS = 0.1
DRAIN_SECONDS = 60
WORKER = {"timeout": 30, "lease_seconds": 6, "grace_seconds": 2, "max_concurrency": 10}


@dataclass
class Soak:
    """A soak in progress, and what it has seen."""

    plan: Plan
    system: LocalSystem
    stack: Stack
    connection: BadConnection
    ids: dict[str, int] = field(default_factory=dict)
    """The number of each job that was submitted, by its id."""
    ended: dict[str, Job] = field(default_factory=dict)
    """Each job as it was when it was first seen to have ended."""
    at_last: dict[str, Job | None] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    left: dict[str, int] = field(default_factory=dict)
    """Messages in each queue after everything."""
    seconds: float = 0
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(OUTSTANDING))
    _over: threading.Event = field(default_factory=threading.Event)
    _submitted: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def prepared(cls, plan: Plan) -> "Iterator[Soak]":
        """Start a system whose workers reach AWS by a bad connection, and stop both at the end."""
        with BadConnection(plan.fault_share, plan.seed).open() as connection:
            environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{connection.port}"}
            context = {"worker": WORKER, "environment": environment}
            with LocalSystem.start(Path(__file__).parent / "flows", context) as system:
                connection.upstream = system.emulator
                yield cls(plan, system, Stack.at(system.emulator), connection)

    def run(self, limit_seconds: float) -> None:
        """Submit, cancel, kill and watch until every job has ended, or the time is over."""
        begun = time.monotonic()
        submitting = threading.Thread(target=self._submit)
        submitting.start()
        try:
            self._watch(begun + limit_seconds)
        finally:
            self._over.set()
            self._room.release()
            submitting.join()
        self._drain()
        self.seconds = time.monotonic() - begun
        self.at_last = {job_id: self.stack.job(job_id) for job_id in self.ids}

    def _submit(self) -> None:
        """Submit and cancel through the API, as a caller does."""
        chance = random.Random(self.plan.seed)
        doomed: list[tuple[float, str]] = []
        with Noukai(api_key=KEY, base_url=self.system.url, org="acme", project="mixed") as client:
            for number, flow in enumerate(self.plan.flows):
                self._room.acquire()
                if self._over.is_set():
                    return
                job = client.flow(flow).job(parameters={"number": number})
                self.ids[job.id] = number
                if number in self.plan.cancelled:
                    doomed.append((time.monotonic() + chance.uniform(0, 2), job.id))
                for due in [due for due in doomed if due[0] <= time.monotonic()]:
                    doomed.remove(due)
                    client.job(due[1]).cancel()
            for _, job_id in doomed:
                client.job(job_id).cancel()
        self._submitted.set()

    def _watch(self, deadline: float) -> None:
        chance = random.Random(self.plan.seed)
        kills = list(self.plan.kills)
        while time.monotonic() < deadline:
            for job_id in [job_id for job_id in list(self.ids) if job_id not in self.ended]:
                job = self.stack.job(job_id)
                if job is not None and job.is_terminal:
                    self.ended[job_id] = job
                    self._room.release()
            while kills and kills[0][0] <= len(self.ended) and self._kill(kills[0][1], chance):
                self.kills[kills.pop(0)[1]] += 1
            if self._submitted.is_set() and len(self.ended) == len(self.ids):
                return
            time.sleep(LOOK_SECONDS)

    def _kill(self, kind: str, chance: random.Random) -> bool:
        """Kill a flow that runs, or the worker of one; False if none runs just now."""
        flows = self.system.flows()
        if not flows:
            return False
        victim = chance.choice(flows)
        try:
            (victim.parent() or victim if kind == "worker" else victim).kill()
        except psutil.NoSuchProcess:
            return False
        return True

    def _drain(self) -> None:
        """Wait for the messages of jobs that have ended: some were hidden by a worker that has died since."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while any((self.left or {"": 1}).values()) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            self.left = self.stack.messages()
