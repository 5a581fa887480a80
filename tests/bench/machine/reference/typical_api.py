"""The handler that most teams would write for this API; ours are measured against it.

It is idiomatic and correct, and not optimized for cold starts or cost: boto3's resource, powertools' Logger,
Tracer, Metrics and validating resolver, pydantic's models. It runs in a process of its own.
"""

import json
import os
import time
import uuid
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.logging.correlation_paths import API_GATEWAY_HTTP
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from boto3.dynamodb.conditions import Attr
from pydantic import BaseModel

KEEP_SECONDS = 7 * 24 * 60 * 60

app = APIGatewayHttpResolver(enable_validation=True)
logger = Logger(service="typical")
tracer = Tracer(service="typical")
metrics = Metrics(namespace="typical", service="typical")
jobs = boto3.resource("dynamodb").Table(os.environ["JOBS_TABLE"])
queue = boto3.client("sqs")


class NewJob(BaseModel):
    message: str | None = None
    parameters: dict[str, Any] = {}


class Job(BaseModel):
    id: str
    flow: str
    state: str
    attempt: int = 0
    created_at: int
    started_at: int | None = None
    completed_at: int | None = None
    output: str | None = None
    error: str | None = None


@app.post("/api/v1/jobs/<flow>")
@tracer.capture_method
def submit(flow: str, body: NewJob) -> Job:
    job = Job(id=f"job_{uuid.uuid4().hex}", flow=flow, state="pending", created_at=int(time.time() * 1000))
    row = job.model_dump(exclude_none=True) | {"input": body.model_dump_json()}
    row["expires_at"] = int(time.time()) + KEEP_SECONDS
    jobs.put_item(Item=row, ConditionExpression=Attr("id").not_exists())
    queue.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody=json.dumps({"id": job.id, "flow": flow}))
    logger.info("submitted", extra={"job_id": job.id, "flow": flow})
    metrics.add_metric(name="Submitted", unit=MetricUnit.Count, value=1)
    return job


@app.get("/api/v1/jobs/<job_id>")
@tracer.capture_method
def status(job_id: str) -> Job:
    row = jobs.get_item(Key={"id": job_id}).get("Item")
    if row is None:
        raise NotFoundError("there is no such job")
    logger.info("read", extra={"job_id": job_id})
    return Job.model_validate(row)


@app.post("/api/v1/jobs/<job_id>/cancel")
@tracer.capture_method
def cancel(job_id: str) -> Job:
    changed = jobs.update_item(
        Key={"id": job_id},
        UpdateExpression="SET #state = :cancelled",
        ConditionExpression=Attr("state").is_in(["pending", "running"]),
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":cancelled": "cancelled"},
        ReturnValues="ALL_NEW",
    )
    logger.info("cancelled", extra={"job_id": job_id})
    metrics.add_metric(name="Cancelled", unit=MetricUnit.Count, value=1)
    return Job.model_validate(changed["Attributes"])


@logger.inject_lambda_context(correlation_id_path=API_GATEWAY_HTTP)
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return app.resolve(event, context)
