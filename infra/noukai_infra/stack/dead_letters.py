"""The reader of dead-letter messages, which settles their jobs."""

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.reader import read_queue
from noukai_infra.stack.queues import Queues
from noukai_infra.stack.storage.tables import Tables

_TIMEOUT = 60
VISIBILITY_SECONDS = 6 * _TIMEOUT
"""Six times the reader's timeout, as AWS advises, leaves room for throttled deliveries."""


class DeadLetterReader(Construct):
    """The function that reads the dead-letter queue, in small batches."""

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        tables: Tables,
        queues: Queues,
    ) -> None:
        super().__init__(scope, name)
        function = JobFunction(
            self,
            "Function",
            entry="dead_letters",
            code=code,
            settings=settings,
            memory=settings.memory,
            timeout=_TIMEOUT,
            environment={
                "JOBS_TABLE": tables.jobs.table_name,
                "DEAD_LETTER_QUEUE_URL": queues.dead_letters.queue_url,
            },
        )
        read_queue(function, queues.dead_letters, tables, batch_size=10, batch_window=0, max_concurrency=2)
