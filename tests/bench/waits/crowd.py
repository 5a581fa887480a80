"""Very many clients that wait at once, and the workers that share the account's concurrency with them."""

import random
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from math import inf

from noukai import RateLimitedError
from noukai_functions.jobs.estimate import Estimate
from tests.bench.account.lambda_pool import LambdaPool
from tests.bench.account.timeline import Timeline
from tests.bench.waits.simulated_api import Life, SimulatedApi
from tests.bench.waits.wait_loops import ours
from tests.bench.waits.wait_trial import SPREAD, Figures, job_id

_RETRY_SECONDS = 1.0


@dataclass
class Crowd:
    """Clients that submit within `arrival` seconds and wait; jobs of about `seconds`; a number of workers."""

    clients: int
    workers: int
    pool: LambdaPool
    seconds: float = 5.0
    arrival: float = 10.0
    timeline: Timeline = field(default_factory=Timeline)
    _queue: deque[Life] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._chance = random.Random(1)
        self._api = SimulatedApi(self.timeline, self.pool)
        self._left = self.clients

    def run(self) -> Figures:
        """Let all clients come and wait until the last has an answer."""
        begin = self.timeline.time
        for number in range(self.clients):
            after = self._chance.random() * self.arrival
            life = Life(job_id(number), begin + after * 1000, inf, inf)
            self._api.lives[life.id] = life
            self.timeline.start(partial(self._submit, life), after)
        for _ in range(self.workers):
            self.timeline.start(self._work)
        self.timeline.run()
        return Figures.of(self._answered)

    @property
    def answered(self) -> int:
        """Return the number of clients that heard of the end; the others were refused until they gave up."""
        return len(self._answered)

    @property
    def _answered(self) -> list[Life]:
        return [life for life in self._api.lives.values() if life.noticed_at >= life.ended_at]

    def _submit(self, life: Life) -> None:
        self._queue.append(life)
        with suppress(RateLimitedError):
            ours(self._api, life)

    def _work(self) -> None:
        while self._left:
            if not self._queue:
                self.timeline.sleep(0.05)
            elif self.pool.take("worker"):
                self._run_one(self._queue.popleft())
                self.pool.give_back("worker")
            else:
                self.timeline.sleep(_RETRY_SECONDS)

    def _run_one(self, life: Life) -> None:
        self._left -= 1
        usual = self.seconds * 1000
        life.claimed_at = self.timeline.time
        life.estimate = Estimate(round(life.claimed_at + usual), round(usual * SPREAD))
        life.ended_at = life.claimed_at + usual * self._chance.lognormvariate(0, SPREAD)
        self.timeline.sleep((life.ended_at - self.timeline.time) / 1000)
