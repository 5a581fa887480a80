"""The checks of the metrics that CloudWatch has of a deployed stack."""

from datetime import UTC, datetime, timedelta

from noukai_functions.names import COMPLETED, DEFAULT_KIND, ENDED, KIND_DIMENSION
from noukai_infra.verify.check import CheckSkippedError, Saw, check, require
from noukai_infra.verify.deployed import Deployed
from noukai_wire.routes import Route


@check("CloudWatch makes metrics of the functions' lines.", on_aws=True)
def metrics(deployed: Deployed, saw: Saw) -> None:
    pages = deployed.session.client("cloudwatch").get_paginator("list_metrics")
    found = {
        each["MetricName"] for page in pages.paginate(Namespace=deployed.stack) for each in page["Metrics"]
    }
    saw(sorted(found))
    require({"SweepRounds", "Submitted", "Started"} <= found, "those of sweeps and jobs")


@check("The report of health has the jobs that CloudWatch knows.", on_aws=True)
def health_of_the_last_hour(deployed: Deployed, saw: Saw) -> None:
    now = datetime.fromtimestamp(deployed.clock(), UTC)
    known = deployed.session.client("cloudwatch").get_metric_statistics(
        Namespace=deployed.stack,
        MetricName=ENDED[COMPLETED],
        Dimensions=[{"Name": KIND_DIMENSION, "Value": DEFAULT_KIND}],
        StartTime=now - timedelta(minutes=50),
        EndTime=now,
        Period=300,
        Statistics=["Sum"],
    )
    report = deployed.api.get(Route.SYSTEM_HEALTH.template).raise_for_status().json()
    saw(report)
    if not known["Datapoints"]:
        raise CheckSkippedError("CloudWatch knows no job that has completed within the last hour")
    jobs = {each["workerKind"]: each.get("jobs", 0) for each in report["workers"]}
    require(jobs[DEFAULT_KIND] >= sum(each["Sum"] for each in known["Datapoints"]), "its jobs, at least")


@check("The average of the gateway's 5xx is a share of its requests.", on_aws=True)
def share_of_errors(deployed: Deployed, saw: Saw) -> None:
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    now = datetime.fromtimestamp(deployed.clock(), UTC)
    answer = deployed.session.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName="5xx",
        Dimensions=[{"Name": "ApiId", "Value": api}],
        StartTime=now - timedelta(hours=3),
        EndTime=now,
        Period=300,
        Statistics=["Average", "SampleCount"],
    )
    if not answer["Datapoints"]:
        raise CheckSkippedError("nothing was requested in the last three hours")
    saw(answer["Datapoints"])
    require(all(each["Average"] <= 1 for each in answer["Datapoints"]), "averages of 1 at most")
    require(any(each["SampleCount"] > 1 for each in answer["Datapoints"]), "a sample per request")
