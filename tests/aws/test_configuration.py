"""The configuration of the stack's resources on AWS."""

import json
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from noukai_functions.names import EXPIRES_AT
from noukai_infra.stack.base.aliases import LIVE
from noukai_wire.limits import KEPT_DAYS
from tests.aws.deployed import Deployed
from tests.aws.report import Saw

_TABLES = ("JobsTable", "KeysTable", "UsageTable")


@pytest.mark.on_aws
def test_time_to_live(deployed: Deployed, saw: Saw) -> None:
    """Expired jobs are deleted by their time to live."""
    dynamodb = deployed.session.client("dynamodb")
    found = dynamodb.describe_time_to_live(TableName=deployed.outputs["JobsTable"])["TimeToLiveDescription"]
    saw(str(found))
    assert (found.get("TimeToLiveStatus"), found.get("AttributeName")) == ("ENABLED", EXPIRES_AT)


@pytest.mark.on_aws
def test_recovery(deployed: Deployed, saw: Saw) -> None:
    """The tables can be restored to a point in time."""
    dynamodb = deployed.session.client("dynamodb")
    found = [
        dynamodb.describe_continuous_backups(TableName=deployed.outputs[name])[
            "ContinuousBackupsDescription"
        ]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        for name in _TABLES
    ]
    saw(str(found))
    assert set(found) == {"ENABLED"}


def test_billing(deployed: Deployed, saw: Saw) -> None:
    """The tables are paid per request."""
    dynamodb = deployed.session.client("dynamodb")
    tables = [dynamodb.describe_table(TableName=deployed.outputs[name])["Table"] for name in _TABLES]
    found = [table.get("BillingModeSummary", {}).get("BillingMode") for table in tables]
    saw(str(found))
    assert set(found) == {"PAY_PER_REQUEST"}


@pytest.mark.on_aws
def test_lifecycle(deployed: Deployed, saw: Saw) -> None:
    """Objects are deleted by their names."""
    found = deployed.session.client("s3").get_bucket_lifecycle_configuration(
        Bucket=deployed.outputs["PayloadsBucket"]
    )
    kept = {
        (each["Filter"].get("Prefix"), each["Expiration"]["Days"], each["Status"]) for each in found["Rules"]
    }
    saw(str(sorted(kept, key=str)))
    assert kept == {(f"keep-{days}d/", days, "Enabled") for days in KEPT_DAYS}


def _mappings(deployed: Deployed) -> list[dict[str, Any]]:
    client = deployed.session.client("lambda")
    names = deployed.resources("AWS::Lambda::EventSourceMapping")
    return [dict(client.get_event_source_mapping(UUID=name)) for name in names]


def test_deliveries(deployed: Deployed, saw: Saw) -> None:
    """The queues deliver with partial failures and a bound."""
    found = [each for each in _mappings(deployed) if ":sqs:" in each["EventSourceArn"]]
    right = [
        each["State"] == "Enabled"
        and each.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        and "MaximumConcurrency" in each.get("ScalingConfig", {})
        for each in found
    ]
    seen = [(each["State"], each["BatchSize"], each.get("ScalingConfig")) for each in found]
    readers = len([*deployed.job_queues(), deployed.outputs["DeadLetterQueueUrl"]])
    saw(str(seen))
    assert right == [True] * readers


@pytest.mark.on_aws
def test_stream(deployed: Deployed, saw: Saw) -> None:
    """The jobs table's stream is read by shard and in order."""
    (found,) = (each for each in _mappings(deployed) if ":dynamodb:" in each["EventSourceArn"])
    # Without a time window no record would say which shard it is of, and those of several would be taken for repeated.
    names = ("State", "TumblingWindowInSeconds", "ParallelizationFactor", "LastProcessingResult")
    seen = {name: found.get(name) for name in names}
    saw(str(seen))
    assert (seen["State"], bool(seen[names[1]]), seen[names[2]] in (None, 1)) == ("Enabled", True, True)
    destination = found["DestinationConfig"]["OnFailure"]["Destination"]
    saw(f"what cannot be counted goes to {destination}")
    assert destination.endswith(f":s3:::{deployed.outputs['UncountedBucket']}")
    # Sums rely on it that nothing is discarded earlier, or for another reason.
    assert (found["MaximumRecordAgeInSeconds"], found.get("MaximumRetryAttempts", -1)) == (23 * 60 * 60, -1)


def test_concurrency(deployed: Deployed, saw: Saw) -> None:
    """The account has concurrency left for the API."""
    limits = deployed.session.client("lambda").get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"]
    workers = sum(each.get("ScalingConfig", {}).get("MaximumConcurrency", 0) for each in _mappings(deployed))
    saw(f"{free} unreserved, of which the queues' readers may take {workers}")
    assert free > workers


def test_queues(deployed: Deployed, saw: Saw) -> None:
    """The queues are encrypted and redrive."""
    sqs = deployed.session.client("sqs")
    urls = [deployed.outputs["DeadLetterQueueUrl"], *deployed.job_queues()]
    found = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls]
    dead_letters, *jobs = found
    redrives = [json.loads(each.get("RedrivePolicy", "{}")) for each in jobs]
    right = {each.get("deadLetterTargetArn") for each in redrives} == {dead_letters["QueueArn"]} and {
        each.get("SqsManagedSseEnabled") for each in found
    } == {"true"}
    saw(f"visibility {[each['VisibilityTimeout'] for each in jobs]} s, redrive {redrives}")
    assert right


@pytest.mark.on_aws
def test_plain_http(deployed: Deployed, saw: Saw) -> None:
    """A queue refuses plain HTTP."""
    client = deployed.session.client("sqs", use_ssl=False, config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError) as refused:
        client.get_queue_attributes(QueueUrl=deployed.outputs["QueueUrl"], AttributeNames=["QueueArn"])
    code = refused.value.response["Error"]["Code"]
    saw(code)
    assert code.startswith("AccessDenied")


def test_live_versions(deployed: Deployed, saw: Saw) -> None:
    """Gateway, queues, stream and the sweep's schedule invoke the alias that a rollback takes back."""
    client = deployed.session.client("apigatewayv2")
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    targets = [each.get("IntegrationUri", "") for each in client.get_integrations(ApiId=api)["Items"]]
    targets += [each["FunctionArn"] for each in _mappings(deployed)]
    events = deployed.session.client("events")
    (rule,) = deployed.resources("AWS::Events::Rule")
    targets += [each["Arn"] for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    others = [target for target in targets if not target.removesuffix("/invocations").endswith(f":{LIVE}")]
    saw(f"{len(targets)} invoke {LIVE}, and {others} do not")
    assert targets
    assert others == []


def test_functions(deployed: Deployed, saw: Saw) -> None:
    """The functions run on one architecture and log JSON."""
    found = deployed.functions()
    kinds = sorted({f"{each['Runtime']}, {each['Architectures'][0]}" for each in found})
    right = len(kinds) == 1 and all(each["LoggingConfig"]["LogFormat"] == "JSON" for each in found)
    saw(f"{len(found)} functions on {kinds}")
    assert right


def test_log_groups(deployed: Deployed, saw: Saw) -> None:
    """Every log is kept for a time."""
    logs = deployed.session.client("logs")
    kept = [
        group.get("retentionInDays")
        for name in deployed.resources("AWS::Logs::LogGroup")
        for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    ]
    saw(f"days: {kept}")
    assert None not in kept
    assert len(kept) == len(deployed.functions())


@pytest.mark.on_aws
def test_rights(deployed: Deployed, saw: Saw) -> None:
    """Each worker's role allows its actions and no others."""
    iam, sts = deployed.session.client("iam"), deployed.session.client("sts")
    arn = sts.get_caller_identity()["Arn"].split(":")
    table = (
        f"arn:{arn[1]}:dynamodb:{deployed.session.region_name}:{arn[4]}:table/{deployed.outputs['JobsTable']}"
    )
    roles = [
        each["Role"]
        for each in deployed.functions()
        if each["Handler"] == "noukai_functions.handlers.worker.handler"
    ]
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
    saw(str(found))
    assert decisions == [["allowed", "implicitDeny", "implicitDeny"]] * len(deployed.job_queues())


@pytest.mark.on_aws
def test_throttle(deployed: Deployed, saw: Saw) -> None:
    """The stage is throttled."""
    client = deployed.session.client("apigatewayv2")
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    (stage,) = client.get_stages(ApiId=api)["Items"]
    settings = stage.get("DefaultRouteSettings", {})
    saw(f"{stage['StageName']}: {settings}")
    assert settings.get("ThrottlingRateLimit", 0) > 0
