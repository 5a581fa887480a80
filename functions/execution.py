"""One delivery worked on: its job claimed, its flow run, its outcome written."""

import math
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from functions.attempt import Attempt, Stop
from functions.batch import Batch
from functions.child import Call
from functions.deployment import Deployment
from functions.errors import ApiError
from functions.failure import describe_error
from functions.flow import DEFAULT_BACKOFF, DEFAULT_BACKOFF_CAP, Flow, PermanentError
from functions.lifecycle import Job, Payload, State, backoff_seconds
from functions.outcome import Outcome, Raised
from functions.process import FlowProcess
from functions.queue import Delivery, Message
from functions.registry import find_flow
from functions.store import Refused
from functions.submission import uploaded_arguments
from functions.telemetry import logger
from functions.text import cut
from functions.turning_away import turn_away
from noukai_wire.limits import MAX_BACKOFF_SECONDS


@dataclass(slots=True)
class Execution:
    """The work on one delivery. The message is deleted only after the outcome is written, by not naming it."""

    deployment: Deployment
    batch: Batch
    delivery: Delivery
    message: Message

    def run(self, available_ms: int) -> None:
        """Claim the job and run its flow, which may take as long as the function has left for it."""
        flow = self._load()
        timeout_ms = self._timeout_ms(flow)
        if timeout_ms > available_ms and self.batch.has_run:
            self.batch.defer(self.delivery, 0)
            return
        try:
            job = self._claim()
        except Refused as refused:
            self._turn_away(refused.seen)
            return
        self.batch.has_run = True
        try:
            if isinstance(flow, Flow):
                self._attempt(job, flow, min(timeout_ms, available_ms))
            else:
                self._settle(job, flow)
        except Refused as refused:
            self._discard(job, refused.seen)

    def _load(self) -> Flow | Raised:
        """Import the flow and make what each child would otherwise make again for itself."""
        logger()
        try:
            flow = find_flow(self.deployment.asset / "flows", self.message.flow)
            if flow is not None:
                flow.prepare()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - importing runs the author's code
            logger().exception("a flow cannot be imported", extra={"flow": self.message.flow})
            return Raised(describe_error(error))
        if flow is None:
            missing = f"this deployment has no flow {self.message.flow!r} any more"
            logger().error("a job's flow is not here", extra={"job_id": self.message.id, "reason": cut(missing)})
            return Raised(cut(f"FlowNotFound: {missing}"), permanent=True)
        return self._misfit(flow) or flow

    def _misfit(self, flow: Flow) -> Raised | None:
        """Check the arguments of a flow that does not do so itself: another deployment may have accepted the job."""
        is_known_here = flow.signature.is_plain and self.message.input is None
        errors = self.deployment.catalog.errors_of(self.message.flow, self.message.arguments) if is_known_here else []
        if not errors:
            return None
        what = "; ".join(f"{path}: {message}" for path, message in errors)
        return Raised(cut(f"PermanentError: the arguments are not what the flow takes: {what}"), permanent=True)

    def _timeout_ms(self, flow: Flow | Raised) -> int:
        default = flow.timeout if isinstance(flow, Flow) else 0
        return (self.message.timeout_seconds or default) * 1000

    def _claim(self) -> Job:
        now = self.deployment.clock.now()
        return self.deployment.store.claim(
            self.message.id,
            created_at=self.message.created_at,
            owner=secrets.token_urlsafe(6),
            lease_until=now + self.deployment.lease_ms,
            now=now,
            estimate=self.deployment.run_times.estimate(self.message.flow, now),
            memory=self.deployment.profile_memory,
        )

    def _attempt(self, job: Job, flow: Flow, timeout_ms: int) -> None:
        clock = self.deployment.clock
        begun_at = clock.now()
        timeout_at = begun_at + timeout_ms
        keep = partial(self._keep, job)
        call = Call(flow, self._arguments, keep, job.id, job.org, job.attempt, timeout_at, clock.now)
        if self.message.input is not None:
            _ = self.deployment.payloads  # made once, and not again by the process of each flow
        try:
            process = FlowProcess.start(call)
        except OSError as error:
            self._settle(job, Raised(describe_error(error)), flow)
            return
        attempt = Attempt(job, process, self.batch, self.deployment, timeout_at)
        outcome = attempt.watch()
        if attempt.stop is None:
            ended_at = clock.now()
            self._settle(job, outcome, flow)
            if not isinstance(outcome, Raised):
                self.deployment.run_times.learn(self.message.flow, ended_at - begun_at)
        elif attempt.stop is Stop.TIMED_OUT:
            overdue = Raised(f"TimeoutError: the flow was stopped after {timeout_ms / 1000:g} seconds")
            self._settle(job, overdue, flow, stopped_at=clock.now())
        else:
            self._discard(job, self.deployment.store.read(job.id, consistent=True))

    def _arguments(self) -> Mapping[str, Any]:
        """Give the flow's arguments; those that were uploaded are read and checked in the flow's own process."""
        reference = self.message.input
        if reference is None:
            return self.message.arguments
        from functions.payloads import PayloadLostError, input_key  # noqa: PLC0415 - few jobs have such an input

        key = input_key(self.message.org, reference)
        try:
            return uploaded_arguments(
                self.deployment.payloads.read(key, key.rpartition("/")[2]), self.message.flow, self.deployment.catalog
            )
        except PayloadLostError as lost:
            raise PayloadLostError(f"the job's input is lost: {lost}; submit it anew") from None
        except ApiError as refused:
            raise PermanentError(f"the uploaded input is not what the flow takes: {refused.message}") from None

    def _keep(self, job: Job, content: bytes) -> Outcome:
        """Make an object of a result; that is done in the flow's own process, while the lease is extended here."""
        from functions.payloads import result_key  # noqa: PLC0415 - few jobs have such a result

        try:
            return self.deployment.payloads.put(result_key(job), content)
        except (BotoCoreError, ClientError) as error:
            logger().exception("a result was not kept", exc_info=error)
            return Raised(f"the result of {len(content)} bytes could not be kept: {describe_error(error)}")

    def _settle(self, job: Job, outcome: Outcome, flow: Flow | None = None, stopped_at: int | None = None) -> None:
        now = self.deployment.clock.now()
        if not isinstance(outcome, Raised):
            result = outcome if isinstance(outcome, Payload) else outcome.result
            self.deployment.store.complete(job, result=result, now=now)
        elif outcome.permanent or job.attempt >= job.max_attempts:
            self.deployment.inputs.keep(self.message, job, now)
            self.deployment.store.fail(job, error=outcome.error, now=now, stopped_at=stopped_at)
        else:
            self._release(job, outcome, flow)

    def _release(self, job: Job, raised: Raised, flow: Flow | None) -> None:
        """Give the job back, and its message with the backoff as its visibility: no new message."""
        asked = raised.retry_after
        pause = min(MAX_BACKOFF_SECONDS, self._backoff(job.attempt, flow) if asked is None else asked)
        now = self.deployment.clock.now()
        self.deployment.store.release(job, error=raised.error, not_before=now + round(pause * 1000), now=now)
        self.batch.defer(self.delivery, math.ceil(pause))

    def _backoff(self, attempt: int, flow: Flow | None) -> float:
        """Draw the pause as the submission asks for it, else as the flow does."""
        base, cap = (flow.backoff, flow.backoff_cap) if flow else (DEFAULT_BACKOFF, DEFAULT_BACKOFF_CAP)
        own_base, own_cap = self.message.backoff_seconds, self.message.backoff_cap_seconds
        return backoff_seconds(attempt, base if own_base is None else own_base, cap if own_cap is None else own_cap)

    def _discard(self, job: Job, seen: Job | None) -> None:
        """Throw the outcome away: the job was cancelled or taken over, and only the row decides."""
        if seen is not None and seen.state is State.CANCELLED:
            with suppress(Refused):
                self.deployment.store.record_stopped(job, self.deployment.clock.now())
        self._turn_away(seen)

    def _turn_away(self, seen: Job | None) -> None:
        turn_away(self.delivery, self.message, seen, self.batch, self.deployment)
