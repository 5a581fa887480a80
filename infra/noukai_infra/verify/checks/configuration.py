"""The configuration of the stack's resources on AWS."""

import json
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from noukai_functions.names import EXPIRES_AT
from noukai_infra.operations.account import handler_of
from noukai_infra.operations.deploy.quotas import most_at_once
from noukai_infra.operations.resting import resting_readers
from noukai_infra.planning import limits
from noukai_infra.planning.account_limits import quota_of
from noukai_infra.stack.base.aliases import LIVE
from noukai_infra.verify.check import Saw, check, expect, require
from noukai_infra.verify.deployed import Deployed
from noukai_wire.limits import KEPT_DAYS

_TABLES = ("JobsTable", "KeysTable", "UsageTable", "SchedulesTable", "WebhooksTable")


@check("Expired jobs are deleted by their time to live.", on_aws=True)
def time_to_live(deployed: Deployed, saw: Saw) -> None:
    dynamodb = deployed.session.client("dynamodb")
    found = dynamodb.describe_time_to_live(TableName=deployed.outputs["JobsTable"])["TimeToLiveDescription"]
    saw(str(found))
    expect((found.get("TimeToLiveStatus"), found.get("AttributeName")), ("ENABLED", EXPIRES_AT))


@check("The tables can be restored to a point in time.", on_aws=True)
def recovery(deployed: Deployed, saw: Saw) -> None:
    dynamodb = deployed.session.client("dynamodb")
    found = [
        dynamodb.describe_continuous_backups(TableName=deployed.outputs[name])[
            "ContinuousBackupsDescription"
        ]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        for name in _TABLES
    ]
    saw(str(found))
    expect({*found}, {"ENABLED"})


@check("The tables are paid per request.")
def billing(deployed: Deployed, saw: Saw) -> None:
    dynamodb = deployed.session.client("dynamodb")
    tables = [dynamodb.describe_table(TableName=deployed.outputs[name])["Table"] for name in _TABLES]
    found = [table.get("BillingModeSummary", {}).get("BillingMode") for table in tables]
    saw(str(found))
    expect({*found}, {"PAY_PER_REQUEST"})


@check("Objects are deleted by their names.", on_aws=True)
def lifecycle(deployed: Deployed, saw: Saw) -> None:
    found = deployed.session.client("s3").get_bucket_lifecycle_configuration(
        Bucket=deployed.outputs["PayloadsBucket"]
    )
    kept = {
        (each["Filter"].get("Prefix"), each["Expiration"]["Days"], each["Status"]) for each in found["Rules"]
    }
    saw(str(sorted(kept, key=str)))
    expect(kept, {(f"keep-{days}d/", days, "Enabled") for days in KEPT_DAYS})


def _mappings(deployed: Deployed) -> list[dict[str, Any]]:
    client = deployed.session.client("lambda")
    names = deployed.resources("AWS::Lambda::EventSourceMapping")
    return [dict(client.get_event_source_mapping(UUID=name)) for name in names]


@check("The queues deliver with partial failures and a bound.")
def deliveries(deployed: Deployed, saw: Saw) -> None:
    found = [each for each in _mappings(deployed) if ":sqs:" in each["EventSourceArn"]]
    resting = resting_readers(deployed.session, deployed.stack, deployed.outputs)
    right = [
        (each["State"] == "Enabled" or each["UUID"] in resting)
        and each.get("FunctionResponseTypes") == ["ReportBatchItemFailures"]
        and ("MaximumConcurrency" in each.get("ScalingConfig", {}) or "ProvisionedPollerConfig" in each)
        for each in found
    ]
    seen = [(each["State"], each["BatchSize"], each.get("ScalingConfig")) for each in found]
    others = ("DeadLetterQueueUrl", "EventsQueueUrl", "ReactionsQueueUrl")
    readers = len([*deployed.job_queues(), *(deployed.outputs[name] for name in others)])
    saw(str(seen))
    expect(right, [True] * readers)


@check("The jobs table's stream is read by shard and in order.", on_aws=True)
def stream(deployed: Deployed, saw: Saw) -> None:
    counting = deployed.outputs["MeteringFunction"]
    mappings = (each for each in _mappings(deployed) if ":dynamodb:" in each["EventSourceArn"])
    (found,) = (each for each in mappings if counting in each["FunctionArn"])
    # Without a time window no record would say which shard it is of, and those of several would be taken
    # for repeated.
    names = ("State", "TumblingWindowInSeconds", "ParallelizationFactor", "LastProcessingResult")
    seen = {name: found.get(name) for name in names}
    saw(str(seen))
    expect((seen["State"], bool(seen[names[1]]), seen[names[2]] in (None, 1)), ("Enabled", True, True))
    destination = found["DestinationConfig"]["OnFailure"]["Destination"]
    saw(f"what cannot be counted goes to {destination}")
    bucket = deployed.outputs["UncountedBucket"]
    require(destination.endswith(f":s3:::{bucket}"), f"the bucket {bucket}")
    # Sums rely on it that nothing is discarded earlier, or for another reason.
    kept = found["MaximumRecordAgeInSeconds"], found.get("MaximumRetryAttempts", -1)
    expect(kept, (23 * 60 * 60, -1))


@check("The account has concurrency left for the API.")
def concurrency(deployed: Deployed, saw: Saw) -> None:
    limits = deployed.session.client("lambda").get_account_settings()["AccountLimit"]
    free = limits["UnreservedConcurrentExecutions"]
    queued = (each for each in _mappings(deployed) if ":sqs:" in each["EventSourceArn"])
    workers = sum(map(most_at_once, queued))
    saw(f"{free} unreserved, of which the queues' readers may take {workers}")
    require(free > workers, "more than the readers may take")


@check("The account's quotas hold what the gateway and the tables are set to take.", on_aws=True)
def scale_quotas(deployed: Deployed, saw: Saw) -> None:
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    stage = deployed.session.client("apigatewayv2").get_stage(ApiId=api, StageName="$default")
    throttle = stage["DefaultRouteSettings"]
    table = deployed.session.client("dynamodb").describe_table(TableName=deployed.outputs["JobsTable"])[
        "Table"
    ]
    warm: Any = table.get("WarmThroughput", {})
    wanted = {
        limits.GATEWAY_RATE: throttle["ThrottlingRateLimit"],
        limits.GATEWAY_BURST: throttle["ThrottlingBurstLimit"],
        limits.TABLE_WRITES: warm.get("WriteUnitsPerSecond", 0),
        limits.TABLE_READS: warm.get("ReadUnitsPerSecond", 0),
    }
    short = []
    for quota, count in wanted.items():
        found = quota_of(deployed.session, quota)
        saw(f"{quota.name}: {found:,.0f}, of which {count:,.0f} are asked for")
        short += [quota.code] if found < count else []
    expect(short, [])


@check("The queues are encrypted and redrive.")
def queues(deployed: Deployed, saw: Saw) -> None:
    sqs = deployed.session.client("sqs")
    urls = [deployed.outputs["DeadLetterQueueUrl"], *deployed.job_queues()]
    found = [sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"] for url in urls]
    dead_letters, *jobs = found
    redrives = [json.loads(each.get("RedrivePolicy", "{}")) for each in jobs]
    right = {each.get("deadLetterTargetArn") for each in redrives} == {dead_letters["QueueArn"]} and {
        each.get("SqsManagedSseEnabled") for each in found
    } == {"true"}
    saw(f"visibility {[each['VisibilityTimeout'] for each in jobs]} s, redrive {redrives}")
    require(right, "one dead-letter queue for all, and SSE for each")


@check("A queue refuses plain HTTP.", on_aws=True)
def plain_http(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("sqs", use_ssl=False, config=Config(retries={"total_max_attempts": 1}))
    try:
        client.get_queue_attributes(QueueUrl=deployed.outputs["QueueUrl"], AttributeNames=["QueueArn"])
    except ClientError as refused:
        code = refused.response["Error"]["Code"]
    else:
        code = "accepted"
    saw(code)
    require(code.startswith("AccessDenied"), "AccessDenied")


@check("Gateway, queues, stream and the sweep's schedule invoke the alias that a rollback takes back.")
def live_versions(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("apigatewayv2")
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    targets = [each.get("IntegrationUri", "") for each in client.get_integrations(ApiId=api)["Items"]]
    targets += [each["FunctionArn"] for each in _mappings(deployed)]
    events = deployed.session.client("events")
    for rule in deployed.resources("AWS::Events::Rule"):
        targets += [each["Arn"] for each in events.list_targets_by_rule(Rule=rule)["Targets"]]
    others = [target for target in targets if not target.removesuffix("/invocations").endswith(f":{LIVE}")]
    saw(f"{len(targets)} invoke {LIVE}, and {others} do not")
    require(bool(targets), "some that invoke it")
    expect(others, [])


@check("The functions run on one architecture and log JSON.")
def functions(deployed: Deployed, saw: Saw) -> None:
    found = deployed.functions()
    kinds = sorted({f"{each['Runtime']}, {each['Architectures'][0]}" for each in found if "Runtime" in each})
    right = len(kinds) == 1 and all(each["LoggingConfig"]["LogFormat"] == "JSON" for each in found)
    saw(f"{len(found)} functions on {kinds}")
    require(right, "one architecture, and logs in JSON")


@check("Worker kinds with a container image run it, on the architecture of the other functions.")
def images(deployed: Deployed, saw: Saw) -> None:
    found = deployed.functions()
    made = [each for each in found if each.get("PackageType") == "Image"]
    states = sorted({f"{each['State']}, {each['LastUpdateStatus']}" for each in made})
    saw(f"{len(made)} functions run images: {states}")
    require(set(states) <= {"Active, Successful"}, "each active and updated")
    expect(len({each["Architectures"][0] for each in found}), 1)


@check("Every log is kept for a time.")
def log_groups(deployed: Deployed, saw: Saw) -> None:
    logs = deployed.session.client("logs")
    kept = [
        group.get("retentionInDays")
        for name in deployed.resources("AWS::Logs::LogGroup")
        for group in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    ]
    saw(f"days: {kept}")
    require(None not in kept, "an end for each")
    # The functions whose acts are audited share one.
    expect(len(kept), len({each["LoggingConfig"]["LogGroup"] for each in deployed.functions()}))


@check("Each worker's role allows its actions and no others.", on_aws=True)
def rights(deployed: Deployed, saw: Saw) -> None:
    iam, sts = deployed.session.client("iam"), deployed.session.client("sts")
    arn = sts.get_caller_identity()["Arn"].split(":")
    table = (
        f"arn:{arn[1]}:dynamodb:{deployed.session.region_name}:{arn[4]}:table/{deployed.outputs['JobsTable']}"
    )
    roles = [
        each["Role"]
        for each in deployed.functions()
        if handler_of(each) == "noukai_functions.handlers.worker.handler"
    ]
    found = [_decisions(iam, role, table) for role in roles]
    decisions = [list(each.values()) for each in found]
    saw(str(found))
    expect(decisions, [["allowed", "implicitDeny", "implicitDeny"]] * len(deployed.job_queues()))


def _decisions(iam: Any, role: str, table: str) -> dict[str, str]:
    """Return whether a role allows each of some actions on a table."""
    simulated = iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=["dynamodb:UpdateItem", "dynamodb:Scan", "dynamodb:DeleteItem"],
        ResourceArns=[table],
    )
    return {each["EvalActionName"]: each["EvalDecision"] for each in simulated["EvaluationResults"]}


@check("The stage is throttled.", on_aws=True)
def throttle(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("apigatewayv2")
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    (stage,) = client.get_stages(ApiId=api)["Items"]
    settings = stage.get("DefaultRouteSettings", {})
    saw(f"{stage['StageName']}: {settings}")
    require(settings.get("ThrottlingRateLimit", 0) > 0, "a ThrottlingRateLimit")
