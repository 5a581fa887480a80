"""The canary of the workers: a share of new jobs runs on the version that was deployed last.

A worker has two queues and two aliases: the stable version `live` reads one, the new version `canary` the
other. A job stays in the queue that its submission has chosen, so that all its attempts run on one version.
An alias therefore moves only while no job that has begun is in its queue.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_functions.names import CANARY_ROW, CANARY_SHARE, DEFAULT_KIND, JOB_ID
from noukai_infra.command_line import command
from noukai_infra.operations.account import Account, OperatorError, resources_by_id
from noukai_infra.operations.deploy.former_flows import FlowNames
from noukai_infra.operations.deploy.releases.rollback import note_previous
from noukai_infra.stack.base.aliases import CANARY, FINGERPRINTS, LIVE, UNKNOWN
from noukai_infra.stack.base.worker_kinds import canary_queues, deployed_queues, further_queues

if TYPE_CHECKING:
    from collections.abc import Iterator

ALL = 100
SETTLE_SECONDS = 60
"""The numbers of a queue's messages are exact only a minute after the last change. In this time, the submit
functions have read a new share (10 s), and the requests that knew the old one have ended (29 s).

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html"""

_KEY: Any = {JOB_ID: {"S": CANARY_ROW}}
_ABORTED = "The canary was aborted in the meantime: nothing is promoted."
_COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class WorkerAliases:
    """A worker with a canary: its function, its stable queues, the canary's, and its versions."""

    kind: str
    function: str
    queues: tuple[str, ...]
    canary_queue: str
    live: str
    canary: str


@dataclass(frozen=True)
class Canary:
    """The canary of a deployed stack."""

    account: Account
    stack: str
    sleep: Callable[[float], None] = time.sleep

    @property
    def share(self) -> int | None:
        """Return the share of new jobs that it gets in per cent; None if no canary is under way."""
        outputs = self.account.outputs(self.stack)
        if outputs is None or not canary_queues(outputs):
            return None
        item = self._dynamodb.get_item(TableName=outputs["JobsTable"], Key=_KEY, ConsistentRead=True).get(
            "Item"
        )
        return None if item is None else int(item[CANARY_SHARE]["N"])

    def workers(self) -> list[WorkerAliases]:
        """Return the workers with a canary; empty if the stack does not exist, or has none."""
        outputs = self.account.outputs(self.stack)
        if outputs is None or not (canaries := canary_queues(outputs)):
            return []
        queues = {DEFAULT_KIND: outputs["QueueUrl"]}
        queues |= {name: each.url for name, each in deployed_queues(outputs).items()}
        further = further_queues(outputs)
        functions = worker_functions(self.account, self.stack)
        found = []
        for kind, queue in canaries.items():
            listed = self._lambda.list_aliases(FunctionName=functions[kind])["Aliases"]
            aliases = {each["Name"]: each["FunctionVersion"] for each in listed}
            found.append(
                WorkerAliases(
                    kind,
                    functions[kind],
                    (queues[kind], *further.get(kind, ())),
                    queue,
                    aliases[LIVE],
                    aliases[CANARY],
                )
            )
        return found

    def check_may_deploy(self, *, stays: bool) -> None:
        """Refuse a deploy that would change the version of a job that has begun.

        `stays` means that the next template has a canary, too.

        Raises:
            OperatorError: a canary is under way, or its queues hold messages.
        """
        workers = self.workers()
        if workers and (share := self.share) is not None:
            raise OperatorError(
                f"A canary is under way: {share} % of new jobs go to the version that was deployed last. "
                f"`{command('canary')}` shows its figures. End it with `{command('canary', 'promote')}` or "
                f"`{command('canary', 'abort')}`, then deploy again."
            )
        left = sum(self._messages(each.canary_queue) for each in workers)
        if left:
            raise OperatorError(
                f"{left} messages of the last canary's jobs are left, and "
                f"{'another version' if stays else 'none'} would run them: deploy again when its queues are "
                "empty."
            )

    def begin(self, share: int) -> bool:
        """Let new jobs go to the canary, unless all workers have the same version there; return whether."""
        if all(each.live == each.canary for each in self.workers()):
            return False
        self._write(share)
        return True

    def abort(self) -> None:
        """Let no more new jobs go to the canary; those that it has end there."""
        self._dynamodb.delete_item(TableName=self._table, Key=_KEY)

    def promote(self, show: Callable[[str], None]) -> bool:
        """Let the new version run all jobs; return False while jobs of the old version are left.

        First all new jobs go to the canary's queue. Once the old version has ended its jobs, `live` becomes
        the new version while nothing reads its queue, and new jobs go there again. It can be repeated after
        an interruption.

        Raises:
            OperatorError: no canary is under way.
        """
        if (share := self.share) is None:
            raise OperatorError(f"No canary is under way: `{command('deploy')}` begins one.")
        if share != ALL:
            self._write(ALL, of_canary=True)
            show("All new jobs go to the new version from now on.")
        self.sleep(SETTLE_SECONDS)
        workers = self.workers()
        if left := self._stable_messages(workers):
            show(
                f"{left} messages of jobs of the old version are left: it ends them, and then "
                f"`{command('canary', 'promote')}` finishes."
            )
            return False
        with self._unread(workers):
            # A message that came after the look above may have begun, so that its version must stay.
            self.sleep(SETTLE_SECONDS)
            is_done = not self._stable_messages(workers)
            if is_done:
                self._check_under_way()
                for each in workers:
                    self._move(each)
        if is_done:
            self.abort()
        else:
            show(f"A job has begun in the meantime: `{command('canary', 'promote')}` tries again.")
        return is_done

    def _move(self, worker: WorkerAliases) -> None:
        if worker.live != worker.canary:
            note_previous(self._lambda, worker.function, worker.live, now=int(time.time()))
            self._lambda.update_alias(FunctionName=worker.function, Name=LIVE, FunctionVersion=worker.canary)

    @contextmanager
    def _unread(self, workers: Iterable[WorkerAliases]) -> "Iterator[None]":
        """Let nothing read the stable queues within the context."""
        uuids = [uuid for each in workers for uuid in self._mappings(each)]
        try:
            for uuid in uuids:
                self._lambda.update_event_source_mapping(UUID=uuid, Enabled=False)
            yield
        finally:
            for uuid in uuids:
                self._lambda.update_event_source_mapping(UUID=uuid, Enabled=True)

    def _mappings(self, worker: WorkerAliases) -> list[str]:
        found = self._lambda.list_event_source_mappings(FunctionName=f"{worker.function}:{LIVE}")
        return [each["UUID"] for each in found["EventSourceMappings"]]

    def _stable_messages(self, workers: Iterable[WorkerAliases]) -> int:
        return sum(self._messages(url) for each in workers for url in each.queues)

    def _messages(self, url: str) -> int:
        answer: Any = self.account.session.client("sqs").get_queue_attributes(
            QueueUrl=url, AttributeNames=["All"]
        )["Attributes"]
        return sum(int(answer[name]) for name in _COUNTS)

    def _write(self, share: int, *, of_canary: bool = False) -> None:
        """Write the share; `of_canary` means that of a canary under way, which may have been aborted."""
        item: Any = {**_KEY, CANARY_SHARE: {"N": str(share)}}
        condition: Any = {"ConditionExpression": f"attribute_exists({JOB_ID})"} if of_canary else {}
        try:
            self._dynamodb.put_item(TableName=self._table, Item=item, **condition)
        except self._dynamodb.exceptions.ConditionalCheckFailedException:
            raise OperatorError(_ABORTED) from None

    def _check_under_way(self) -> None:
        """Refuse to go on after another operator's abort, which has found the new version bad."""
        if self.share is None:
            raise OperatorError(_ABORTED)

    @property
    def _table(self) -> str:
        return str(self.account.deployed(self.stack)["JobsTable"])

    @property
    def _dynamodb(self) -> Any:
        return self.account.session.client("dynamodb")

    @property
    def _lambda(self) -> Any:
        return self.account.session.client("lambda")


def worker_functions(account: Account, stack: str) -> dict[str, str]:
    """Return the names of a deployed stack's workers by worker kind."""
    template = account.template(stack)["Resources"]
    names = resources_by_id(account.session, stack, "AWS::Lambda::Function")
    found = {}
    for logical, name in names.items():
        variables = template[logical]["Properties"].get("Environment", {}).get("Variables", {})
        if "IMPORT_SECONDS" in variables:
            found[variables.get("WORKER_KIND", DEFAULT_KIND)] = name
    return found


def stable_flows(template: Mapping[str, Any]) -> dict[str, str]:
    """Return the flows of a deployed template with their fingerprints, unknown if it had no canary."""
    known = template.get("Metadata", {}).get(FINGERPRINTS, {})
    return {flow: known.get(flow, UNKNOWN) for flow in FlowNames.of(template).live}
