"""The limits that AWS publishes, each with its page. The plan and its simulation share them."""

from typing import NamedTuple


class Quota(NamedTuple):
    """A quota of an account, which AWS raises on request; `code` is that of Service Quotas."""

    name: str
    service: str
    code: str
    default: int


CONCURRENCY = Quota("Concurrent executions", "lambda", "L-B99A9384", 1_000)
"""https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

KEPT_UNRESERVED = 100
"""The concurrency that an account must leave unreserved; with less in all, nothing can be reserved.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html; an account with 50 gets a
"minimum value of [50]": https://github.com/aws-samples/s3-to-lambda-patterns/issues/36."""

GATEWAY_RATE = Quota("Throttle rate", "apigateway", "L-8A5B8E43", 10_000)
GATEWAY_BURST = Quota("Throttle burst rate", "apigateway", "L-CDF5615A", 5_000)
"""AWS sets the burst by the rate: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html."""

TABLE_WRITES = Quota("Table-level write throughput limit", "dynamodb", "L-AB614373", 40_000)
TABLE_READS = Quota("Table-level read throughput limit", "dynamodb", "L-CF0CBE56", 40_000)
"""Of a table, and of an index: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html."""

FUNCTION_GROWTH = 100
"""Executions by which a function may grow in a second, 1,000 in ten seconds.

https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
"""

REQUESTS_PER_EXECUTION = 10
"""Requests a second that one execution may answer; the same page."""

POLLERS_FIRST, POLLERS_GROWTH, POLLERS_MOST = 5, 5, 1_000
"""Invocations of a queue's mapping at once: at first, more in each second (300 a minute), and the most that a
bound may allow (without a bound, 1,250).

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

PROVISIONED_GROWTH, PROVISIONED_MOST, INVOCATIONS_OF_A_POLLER = 1_000 / 60, 20_000, 10
"""The same with provisioned pollers; each invokes ten functions at once.

https://aws.amazon.com/blogs/aws/aws-lambda-enhances-sqs-processing-with-new-provisioned-mode-3x-faster-scaling-16x-higher-capacity
"""

IN_FLIGHT = 120_000
"""Messages of a queue that are received and not deleted.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
"""

PARTITION_WRITES, PARTITION_READS = 1_000, 3_000
"""Units a second of a partition of a table or an index.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput-scenarios.html
"""

NEW_TABLE_WRITES, NEW_TABLE_READS = 4_000, 12_000
"""Units a second that a new on-demand table takes at once; later, twice its former peak within 30 minutes.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html
"""

DOUBLING_SECONDS = 30 * 60

STREAM_PAYLOAD = 6 * 1024 * 1024
"""Bytes of an invocation, and so of a batch of the stream.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

STREAM_KEPT_SECONDS = 24 * 60 * 60
"""https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html"""

SCANNED_BYTES = 12_000_000
"""Bytes that a sequential scan reads in a second: half of what the units of a partition allow."""

PREFIX_PUTS = 3_500
"""Objects that a prefix of a bucket takes in a second, before it is split.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
"""
