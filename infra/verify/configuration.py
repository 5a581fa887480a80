"""What AWS has made of the template: checks of the stack's resources."""

import json
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from infra.settings import EXPIRY_ATTRIBUTE
from infra.verify.check import Check
from infra.verify.deployed import Deployed
from noukai_wire.limits import KEPT_DAYS

_TABLES = ("JobsTable", "KeysTable", "UsageTable")


def _time_to_live(deployed: Deployed) -> tuple[bool, str]:
    dynamodb = deployed.session.client("dynamodb")
    found = dynamodb.describe_time_to_live(TableName=deployed.outputs["JobsTable"])["TimeToLiveDescription"]
    return (found.get("TimeToLiveStatus"), found.get("AttributeName")) == ("ENABLED", EXPIRY_ATTRIBUTE), str(found)


def _recovery(deployed: Deployed) -> tuple[bool, str]:
    dynamodb = deployed.session.client("dynamodb")
    found = [
        dynamodb.describe_continuous_backups(TableName=deployed.outputs[name])["ContinuousBackupsDescription"][
            "PointInTimeRecoveryDescription"
        ]["PointInTimeRecoveryStatus"]
        for name in _TABLES
    ]
    return set(found) == {"ENABLED"}, str(found)


def _billing(deployed: Deployed) -> tuple[bool, str]:
    dynamodb = deployed.session.client("dynamodb")
    tables = [dynamodb.describe_table(TableName=deployed.outputs[name])["Table"] for name in _TABLES]
    found = [table.get("BillingModeSummary", {}).get("BillingMode") for table in tables]
    return set(found) == {"PAY_PER_REQUEST"}, str(found)


def _lifecycle(deployed: Deployed) -> tuple[bool, str]:
    found = deployed.session.client("s3").get_bucket_lifecycle_configuration(Bucket=deployed.outputs["PayloadsBucket"])
    kept = {(each["Filter"].get("Prefix"), each["Expiration"]["Days"], each["Status"]) for each in found["Rules"]}
    return kept == {(f"keep-{days}d/", days, "Enabled") for days in KEPT_DAYS}, str(sorted(kept, key=str))


def _mappings(deployed: Deployed) -> list[dict[str, Any]]:
    client = deployed.session.client("lambda")
    names = deployed.resources("AWS::Lambda::EventSourceMapping")
    return [dict(client.get_event_source_mapping(UUID=name)) for name in names]


def _deliveries(deployed: Deployed) -> tuple[bool, str]:
    found = [each for each in _mappings(deployed) if ":sqs:" in each["EventSourceArn"]]
    right = [
        each["State"] == "Enabled"
        and each.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        and "MaximumConcurrency" in each.get("ScalingConfig", {})
        for each in found
    ]
    seen = [(each["State"], each["BatchSize"], each.get("ScalingConfig")) for each in found]
    readers = len([*deployed.job_queues(), deployed.outputs["DeadLetterQueueUrl"]])
    return right == [True] * readers, str(seen)


def _stream(deployed: Deployed) -> tuple[bool, str]:
    (found,) = (each for each in _mappings(deployed) if ":dynamodb:" in each["EventSourceArn"])
    # Without a time window no record would say which shard it is of, and those of several would be taken for repeated.
    names = ("State", "TumblingWindowInSeconds", "ParallelizationFactor", "LastProcessingResult")
    seen = {name: found.get(name) for name in names}
    return (seen["State"], bool(seen[names[1]]), seen[names[2]] in (None, 1)) == ("Enabled", True, True), str(seen)


def _concurrency(deployed: Deployed) -> tuple[bool, str]:
    limits = deployed.session.client("lambda").get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"]
    workers = sum(each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in _mappings(deployed))
    return free > workers, f"{free} unreserved, of which the queues' readers may take {workers}"


def _queues(deployed: Deployed) -> tuple[bool, str]:
    sqs = deployed.session.client("sqs")
    urls = [deployed.outputs["DeadLetterQueueUrl"], *deployed.job_queues()]
    found = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls]
    letters, *jobs = found
    redrives = [json.loads(each.get("RedrivePolicy", "{}")) for each in jobs]
    right = {each.get("deadLetterTargetArn") for each in redrives} == {letters["QueueArn"]} and {
        each.get("SqsManagedSseEnabled") for each in found
    } == {"true"}
    return right, f"visibility {[each['VisibilityTimeout'] for each in jobs]} s, redrive {redrives}"


def _plain_http(deployed: Deployed) -> tuple[bool, str]:
    client = deployed.session.client("sqs", use_ssl=False, config=Config(retries={"total_max_attempts": 1}))
    try:
        client.get_queue_attributes(QueueUrl=deployed.outputs["QueueUrl"], AttributeNames=["QueueArn"])
    except ClientError as error:
        return error.response["Error"]["Code"].startswith("AccessDenied"), error.response["Error"]["Code"]
    return False, "it was answered"


def _functions(deployed: Deployed) -> tuple[bool, str]:
    found = deployed.functions()
    kinds = sorted({f"{each['Runtime']}, {each['Architectures'][0]}" for each in found})
    right = len(kinds) == 1 and all(each["LoggingConfig"]["LogFormat"] == "JSON" for each in found)
    return right, f"{len(found)} functions on {kinds}"


def _log_groups(deployed: Deployed) -> tuple[bool, str]:
    logs = deployed.session.client("logs")
    kept = [
        group.get("retentionInDays")
        for name in deployed.resources("AWS::Logs::LogGroup")
        for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    ]
    return None not in kept and len(kept) == len(deployed.functions()), f"days: {kept}"


def _rights(deployed: Deployed) -> tuple[bool, str]:
    iam, sts = deployed.session.client("iam"), deployed.session.client("sts")
    arn = sts.get_caller_identity()["Arn"].split(":")
    table = f"arn:{arn[1]}:dynamodb:{deployed.session.region_name}:{arn[4]}:table/{deployed.outputs['JobsTable']}"
    roles = [each["Role"] for each in deployed.functions() if each["Handler"] == "functions.worker.handler"]
    found = [
        {
            each["EvalActionName"]: each["EvalDecision"]
            for each in iam.simulate_principal_policy(
                PolicySourceArn=role,
                ActionNames=["dynamodb:UpdateItem", "dynamodb:Scan", "dynamodb:DeleteItem"],
                ResourceArns=[table],
            )["EvaluationResults"]
        }
        for role in roles
    ]
    decisions = [list(each.values()) for each in found]
    return decisions == [["allowed", "implicitDeny", "implicitDeny"]] * len(deployed.job_queues()), str(found)


def _throttle(deployed: Deployed) -> tuple[bool, str]:
    client = deployed.session.client("apigatewayv2")
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    (stage,) = client.get_stages(ApiId=api)["Items"]
    settings = stage.get("DefaultRouteSettings", {})
    return settings.get("ThrottlingRateLimit", 0) > 0, f"{stage['StageName']}: {settings}"


CHECKS = (
    Check("objects are deleted by their names", _lifecycle, on_aws=True),
    Check("expired jobs are deleted by their time to live", _time_to_live, on_aws=True),
    Check("the tables can be restored to a point in time", _recovery, on_aws=True),
    Check("the tables are paid per request", _billing),
    Check("the queues deliver with partial failures and a bound", _deliveries),
    Check("the jobs table's stream is read by shard and in order", _stream, on_aws=True),
    Check("the account has concurrency left for the API", _concurrency),
    Check("the queues are encrypted and redrive", _queues),
    Check("a queue refuses plain HTTP", _plain_http, on_aws=True),
    Check("the functions run on one architecture and log JSON", _functions),
    Check("every log is kept for a time", _log_groups),
    Check("each worker's role allows its actions and no others", _rights, on_aws=True),
    Check("the stage is throttled", _throttle, on_aws=True),
)
