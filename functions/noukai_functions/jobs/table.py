"""The jobs table: one conditional write per transition. Expressions use field names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.jobs.attempts import history_with
from noukai_functions.jobs.estimate import Estimate
from noukai_functions.jobs.lifecycle import TERMINAL, Job, Payload, State, Transition
from noukai_functions.jobs.row import (
    NAMES,
    assignments,
    decode,
    decode_or_error,
    encode,
    expression,
    placeholders,
)
from noukai_functions.names import INDEX_PARTITIONS
from noukai_functions.refusals import UnreadableRowError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_ESTIMATED = ("expected_at", "spread_ms")
_SHOWN = ("progress", "progress_at")
_OF_AN_ATTEMPT = ("lease_until", *_SHOWN, *_ESTIMATED)
_OF_A_RUN = ("not_before", "followed_until", *_OF_AN_ATTEMPT)
_WITHOUT_RESULT = ", ".join(["format", *(field for field in NAMES if field != "result")])
_SETTLED = "state IN (:completed, :failed, :cancelled)"


class Refused(Exception):  # noqa: N818 - an answer of the protocol, not a fault
    """A refused transition; `seen` is the current row, None if there is none."""

    def __init__(self, transition: str, seen: Job | None) -> None:
        super().__init__(f"{transition} refused: {seen.state if seen else 'no such job'}")
        self.seen = seen


Row = Job | UnreadableRowError | None
"""One of many rows. An unreadable row must not hide the others."""


@dataclass(frozen=True, slots=True)
class JobsTable:
    """The rows of all jobs. Each method makes one request, and raises `Refused` if its condition fails.

    If an answer is lost, the SDK repeats the write and DynamoDB refuses the repetition. A refused write
    therefore counts as a success if the row shows this worker's own outcome.
    """

    client: "DynamoDBClient"
    table_name: str
    spread: int = INDEX_PARTITIONS
    """Over how many index partitions a flow's new jobs are spread."""

    def create(self, job: Job, now: int) -> None:
        """Put a new job, unless its id belongs to a job that has not expired."""
        values = {state.value: state for state in TERMINAL}
        try:
            self.client.put_item(
                TableName=self.table_name,
                Item=encode(job, self.spread),
                ConditionExpression=expression(
                    f"attribute_not_exists(id) OR ({_SETTLED} AND expires_at <= :now)"
                ),
                ExpressionAttributeValues=placeholders({**values, "now": now // 1000}),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            raise _refusal("create", error) from error

    def read(self, job_id: str, *, consistent: bool) -> Job | None:
        """Read a job, or None. An inconsistent read costs half, and is enough for probing."""
        answer = self.client.get_item(
            TableName=self.table_name, Key={"id": {"S": job_id}}, ConsistentRead=consistent
        )
        return decode(answer["Item"]) if "Item" in answer else None

    def read_many(self, ids: Iterable[str], *, results: bool = False) -> dict[str, Row]:
        """Read up to 100 jobs, consistently; omit those that DynamoDB left unprocessed."""
        # A stale index may name a reused id twice, and DynamoDB refuses duplicate keys.
        keys: Any = [{"id": {"S": id_}} for id_ in dict.fromkeys(ids)]
        if not keys:
            return {}
        shown = {} if results else {"ProjectionExpression": expression(_WITHOUT_RESULT)}
        asked: Any = {"Keys": keys, "ConsistentRead": True, **shown}
        answer: Any = self.client.batch_get_item(RequestItems={self.table_name: asked})
        jobs = {
            item["id"]["S"]: decode_or_error(item) for item in answer["Responses"].get(self.table_name, [])
        }
        unread = answer["UnprocessedKeys"].get(self.table_name, {}).get("Keys", [])
        return {key["id"]["S"]: jobs.get(key["id"]["S"]) for key in keys if key not in unread}

    def claim(
        self,
        job_id: str,
        *,
        created_at: int,
        owner: str,
        lease_until: int,
        now: int,
        estimate: Estimate | None = None,
        memory: int | None = None,
    ) -> Job:
        """Claim the next attempt, unless the job is running, must wait or has no attempt left."""
        known = {**(estimate._asdict() if estimate else {}), **({"memory": memory} if memory else {})}
        unknown = [field for field in (*_ESTIMATED, "memory") if field not in known]
        try:
            return self._update(
                Transition.CLAIM,
                job_id,
                changes={"lease_until": lease_until, "owner": owner, "claimed_at": now, **known},
                computed=("attempt = attempt + :one", "started_at = if_not_exists(started_at, :now)"),
                clears=("not_before", *_SHOWN, *unknown),
                guard="created_at = :created"
                " AND attempt < max_attempts AND (state = :pending OR lease_until <= :now)"
                " AND (attribute_not_exists(not_before) OR not_before <= :now)",
                values={"one": 1, "now": now, "created": created_at},
            )
        except Refused as refused:
            if refused.seen and (refused.seen.state, refused.seen.owner) == (Transition.CLAIM.target, owner):
                return refused.seen
            raise

    def extend(
        self,
        job: Job,
        *,
        lease_until: int,
        progress: Mapping[str, Any] | None,
        now: int,
        estimate: Estimate | None = None,
    ) -> Job:
        """Extend the lease until `lease_until`, and write the progress and the estimate."""
        shown = {"progress": progress, "progress_at": now} if progress else {}
        told = {**shown, **(estimate._asdict() if estimate else {})}
        return self._fenced(Transition.EXTEND, job, {"lease_until": lease_until, **told}, now)

    def complete(self, job: Job, *, result: str | Payload, now: int) -> Job:
        """Complete the job with its output as JSON text or as an object."""
        output = {"result_object" if isinstance(result, Payload) else "result": result}
        return self._fenced(Transition.COMPLETE, job, {**output, **_ending(job, now)}, now, clears=_OF_A_RUN)

    def fail(self, job: Job, *, error: str, now: int, stopped_at: int | None = None) -> Job:
        """Fail the job with a reason, and the time at which its code was stopped."""
        changes = {"error": error, **_ending(job, now), **({"stopped_at": stopped_at} if stopped_at else {})}
        return self._fenced(Transition.FAIL, job, changes, now, clears=_OF_A_RUN)

    def release(self, job: Job, *, error: str, not_before: int, now: int) -> Job:
        """Release the job for another attempt, not before `not_before`."""
        changes = {"last_error": error, "not_before": not_before, "history": history_with(job, error, now)}
        return self._fenced(Transition.RELEASE, job, changes, now, clears=_OF_AN_ATTEMPT)

    def unclaim(self, job: Job) -> Job:
        """Undo a claim that found no process, unless another worker has claimed the same attempt."""
        return self._update(
            Transition.RELEASE,
            job.id,
            computed=("attempt = attempt - :one",),
            clears=("lease_until", "owner", *_ESTIMATED, *(("started_at",) if job.attempt == 1 else ())),
            guard="created_at = :created AND attempt = :attempt AND owner = :owner",
            values={"one": 1, "created": job.created_at, "attempt": job.attempt, "owner": job.owner},
        )

    def cancel(
        self, job_id: str, *, org: str, flow: str | None, now: int, by: str = "", seen: State | None = None
    ) -> Job:
        """Cancel the org's job, with a key named `by`; if a flow or state is given, only if it matches."""
        known = {"org": org, **({"flow": flow} if flow else {}), **({"state": seen} if seen else {})}
        return self._update(
            Transition.CANCEL,
            job_id,
            changes={"completed_at": now, **({"cancelled_by": by} if by else {})},
            computed=("expires_at = :seconds + keep_seconds",),
            clears=_OF_A_RUN,
            guard=" AND ".join(assignments(known)),
            values={"seconds": now // 1000, **known},
        )

    def fail_unrun(self, seen: Job, *, error: str, now: int) -> Job:
        """Fail a job that nobody runs, if its row is unchanged."""
        return self._update(
            Transition.FAIL_UNRUN,
            seen.id,
            changes={"error": error, **_ending(seen, now)},
            clears=_OF_A_RUN,
            guard="created_at = :created AND attempt = :attempt AND state = :seen"
            " AND (state = :pending OR lease_until <= :now)",
            values={
                "created": seen.created_at,
                "attempt": seen.attempt,
                "seen": seen.state,
                "now": now,
            },
        )

    def note_resent(self, job: Job, now: int) -> None:
        """Record that an unclaimed job's message was sent again."""
        self._update(
            Transition.RESEND,
            job.id,
            changes={"resent_at": now},
            guard="created_at = :created AND attempt = :attempt",
            values={"created": job.created_at, "attempt": 0},
        )

    def record_stopped(self, job: Job, now: int) -> Job:
        """Record that the code of a cancelled job has stopped."""
        return self._fenced(Transition.STOP, job, {"stopped_at": now}, now)

    def _fenced(
        self,
        transition: Transition,
        job: Job,
        changes: Mapping[str, object],
        now: int,
        clears: tuple[str, ...] = (),
    ) -> Job:
        """Write as the worker that claimed `job`; refused if the job was cancelled, taken over or deleted.

        Each write records the run time so far, because a lost attempt cannot write it.
        """
        ran_ms = (job.ran_ms or 0) + max(0, now - (job.claimed_at or now))
        try:
            return self._update(
                transition,
                job.id,
                changes={**changes, "ran_ms": ran_ms},
                clears=clears,
                guard="created_at = :created AND attempt = :attempt",
                values={"created": job.created_at, "attempt": job.attempt},
            )
        except Refused as refused:
            seen = refused.seen
            if seen and (seen.state, seen.attempt, seen.owner) == (transition.target, job.attempt, job.owner):
                return seen
            raise

    def _update(
        self,
        transition: Transition,
        job_id: str,
        *,
        changes: Mapping[str, object] = MappingProxyType({}),
        computed: tuple[str, ...] = (),
        clears: tuple[str, ...] = (),
        guard: str,
        values: Mapping[str, object],
    ) -> Job:
        """Make a transition if the guard holds.

        `changes` are the fields' new values, `computed` assignments of other values.
        """
        sources = {state.value: state for state in transition.sources}
        among = ", ".join(f":{name}" for name in sources)
        guarded = f"state IN ({among}) AND attribute_not_exists(format) AND {guard}"
        sets = ", ".join(("state = :target", *computed, *assignments(changes)))
        placed = {"target": transition.target, **sources, **changes, **values}
        removes = f" REMOVE {', '.join(clears)}" if clears else ""
        try:
            answer = self.client.update_item(
                TableName=self.table_name,
                Key={"id": {"S": job_id}},
                UpdateExpression=expression(f"SET {sets}{removes}"),
                ConditionExpression=expression(guarded),
                ExpressionAttributeValues=placeholders(placed),
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except AwsError as error:
            raise _refusal(transition.name.lower(), error) from error
        return decode(answer["Attributes"])


def _ending(job: Job, now: int) -> dict[str, object]:
    return {"completed_at": now, "expires_at": now // 1000 + job.keep_seconds}


def _refusal(name: str, error: AwsError) -> Exception:
    if error.code != "ConditionalCheckFailedException":
        return error
    return Refused(name, decode(item) if (item := error.answer.get("Item")) else None)
