"""Many jobs on a local system whose workers are killed and whose connection to AWS is bad."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from noukai import Noukai
from noukai_functions.jobs.lifecycle import Job, State
from tests.e2e.local_system import KEY, LocalSystem, has_ended
from tests.soak.faults import BadConnection
from tests.soak.plan import LASTING, SHARES, Blow, Plan
from tests.soak.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

OUTSTANDING = 50
"""Unfinished jobs at a time; more would only wait."""
LOOK_SECONDS = 0.1
SAY_SECONDS = 10
DRAIN_SECONDS = 60
WORKER = {"timeout": 30, "lease_seconds": 6, "grace_seconds": 2, "max_concurrency": 10}


@dataclass
class Soak:
    """A soak in progress, and its observations."""

    plan: Plan
    system: LocalSystem
    stack: Stack
    connection: BadConnection
    ids: dict[str, int] = field(default_factory=dict)
    """The number of each submitted job, by its id."""
    ended: dict[str, Job] = field(default_factory=dict)
    """Each job as it was when it was first seen to have ended."""
    at_last: dict[str, Job | None] = field(default_factory=dict)
    blows: Counter[Blow] = field(default_factory=Counter)
    cancelled: set[str] = field(default_factory=set)
    too_late: int = 0
    """Cancellations of jobs that had just ended; another job was cancelled instead."""
    left: dict[str, int] = field(default_factory=dict)
    """Messages in each queue at the end."""
    files: list[str] = field(default_factory=list)
    """Files that attempts left although their worker lived."""
    processes: list[psutil.Process] = field(default_factory=list)
    """Processes that outlived the system."""
    seconds: float = 0
    _room: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(OUTSTANDING))
    _over: threading.Event = field(default_factory=threading.Event)
    _submitted: threading.Event = field(default_factory=threading.Event)

    @classmethod
    @contextmanager
    def prepared(cls, plan: Plan) -> "Iterator[Soak]":
        """Start a system whose workers reach AWS by a bad connection; stop both at the end."""
        with BadConnection(plan.fault_share, plan.seed).open() as connection:
            environment = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{connection.port}"}
            context = {"worker": WORKER, "environment": environment}
            with LocalSystem.start(Path(__file__).parent / "flows", context) as system:
                connection.upstream = system.emulator
                soak = cls(plan, system, Stack.at(system.emulator), connection)
                yield soak
                processes = psutil.Process(system.running.process.pid).children(recursive=True)
            soak.processes = [process for process in processes if not has_ended(process)]

    def run(self, limit_seconds: float, say: Callable[[str], object] = lambda _: None) -> None:
        """Submit, cancel, kill and watch until every job has ended or time is up; print how it goes."""
        begun = time.monotonic()
        submitting = threading.Thread(target=self._submit)
        submitting.start()
        try:
            self._watch(begun, begun + limit_seconds, say)
        finally:
            self._over.set()
            self._room.release()
            submitting.join()
        say("every job has ended; waiting for the queues to be empty")
        self._drain()
        self.seconds = time.monotonic() - begun
        self.files = [str(path) for worker in self.system.workers() for path in _files_of(worker)]
        self.at_last = {job_id: self.stack.job(job_id) for job_id in self.ids}

    def _submit(self) -> None:
        """Submit through the API, as a caller does."""
        with self._client() as client:
            for number, flow in enumerate(self.plan.flows):
                self._room.acquire()
                if self._over.is_set():
                    return
                job = client.flow(flow).job(parameters={"number": number})
                self.ids[job.id] = number
        self._submitted.set()

    def _client(self) -> Noukai:
        return Noukai(api_key=KEY, base_url=self.system.url, org="acme", project="mixed")

    def _watch(self, begun: float, deadline: float, say: Callable[[str], object]) -> None:
        chance = random.Random(self.plan.seed)
        due = list(self.plan.blows)
        said = begun
        with self._client() as client:
            while (now := time.monotonic()) < deadline:
                unended = self._look()
                while (
                    due and due[0][0] <= len(self.ended) and self._strike(due[0][1], unended, client, chance)
                ):
                    self.blows[due.pop(0)[1]] += 1
                if now - said >= SAY_SECONDS:
                    said = now
                    say(self._progress(now - begun))
                if self._submitted.is_set() and len(self.ended) == len(self.ids):
                    return
                time.sleep(LOOK_SECONDS)

    def _look(self) -> list[Job]:
        """Return the unfinished jobs, and note those that have ended."""
        seen = [
            job for job_id in list(self.ids) if job_id not in self.ended and (job := self.stack.job(job_id))
        ]
        for job in seen:
            if job.is_terminal:
                self.ended[job.id] = job
                self._room.release()
        return [job for job in seen if not job.is_terminal]

    def _progress(self, seconds: float) -> str:
        kills = sum(self.blows[blow] for blow in (Blow.KILL_WORKER, Blow.KILL_FLOW, Blow.KILL_IDLE))
        return (
            f"{seconds:4.0f} s: {len(self.ended)} of {len(self.ids)} submitted jobs ended, {kills} kills, "
            f"{len(self.cancelled)} cancelled, {self.connection.faults.total()} faults"
        )

    def _strike(self, blow: Blow, unended: list[Job], client: Noukai, chance: random.Random) -> bool:
        """Kill or cancel something; return False if nothing suits just now, or it was too late."""
        if blow in (Blow.KILL_WORKER, Blow.KILL_FLOW, Blow.KILL_IDLE):
            return self._kill(blow, chance)
        wanted = State.RUNNING if blow is Blow.CANCEL_RUNNING else State.PENDING
        lasting = LASTING if wanted is State.RUNNING else SHARES.keys()
        candidates = [
            job
            for job in unended
            if job.state is wanted
            and job.id not in self.cancelled
            and self.plan.flows[self.ids[job.id]] in lasting
        ]
        if not candidates:
            return False
        victim = max(candidates, key=lambda job: job.started_at or job.created_at)
        client.job(victim.id).cancel()
        after = self.stack.job(victim.id)
        if after is None or after.state is not State.CANCELLED:
            self.too_late += 1
            return False
        self.cancelled.add(victim.id)
        return True

    def _kill(self, blow: Blow, chance: random.Random) -> bool:
        """Kill a flow process, an idle one if there is one, or a worker; return False if there is none."""
        flows = self.system.flows()
        if not flows:
            return False
        idle = [process for process in flows if _waits_for_call(process)] if blow is Blow.KILL_IDLE else []
        victim = chance.choice(idle or flows)
        try:
            (victim.parent() or victim if blow is Blow.KILL_WORKER else victim).kill()
        except psutil.NoSuchProcess:
            return False
        return True

    def _drain(self) -> None:
        """Wait for the messages of ended jobs: dead workers hid some of them."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while any((self.left or {"": 1}).values()) and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            self.left = self.stack.messages()


def _files_of(worker: psutil.Process) -> list[Path]:
    """Find what a worker's attempts left: a folder that is not empty, or more than one unused folder."""
    folders = [*Path(worker.environ()["TMPDIR"]).glob(f"attempt-{worker.pid}-*")]
    return [*folders[1:], *(path for folder in folders[:1] for path in folder.iterdir())]


def _waits_for_call(process: psutil.Process) -> bool:
    """Return whether it is where a flow process waits between two attempts."""
    try:
        return Path(f"/proc/{process.pid}/wchan").read_text().endswith("pipe_read")
    except OSError:
        return False  # gone, or not Linux
