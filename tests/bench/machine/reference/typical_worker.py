"""The worker that most teams would write: powertools' batch processor, two writes for a job and no lease."""

import json
import os
import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr

logger = Logger(service="typical")
tracer = Tracer(service="typical")
metrics = Metrics(namespace="typical", service="typical")
processor = BatchProcessor(event_type=EventType.SQS)
jobs = boto3.resource("dynamodb").Table(os.environ["JOBS_TABLE"])


def change(job_id: str, before: str, **values: Any) -> None:
    jobs.update_item(
        Key={"id": job_id},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in values),
        ConditionExpression=Attr("state").eq(before),
        ExpressionAttributeNames={f"#{name}": name for name in values},
        ExpressionAttributeValues={f":{name}": value for name, value in values.items()},
    )


@tracer.capture_method
def work(record: SQSRecord) -> None:
    job_id = json.loads(record.body)["id"]
    change(job_id, "pending", state="running", started_at=int(time.time() * 1000))
    change(job_id, "running", state="completed", completed_at=int(time.time() * 1000), output="x" * 500)
    logger.info("done", extra={"job_id": job_id})
    metrics.add_metric(name="Completed", unit=MetricUnit.Count, value=1)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event=event, record_handler=work, processor=processor, context=context)
