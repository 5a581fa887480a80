"""The canaries, warm environments and snapshots of the deployed stack."""

from noukai_infra.operations.account import Account
from noukai_infra.operations.deploy.releases.canary import Canary
from noukai_infra.stack.base.aliases import CANARY, LIVE
from noukai_infra.verify.check import Saw, check, expect
from noukai_infra.verify.deployed import Deployed


@check("CodeDeploy shifts each function of the API, and its last deployments have succeeded.", on_aws=True)
def shifts(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("codedeploy")
    wrong = []
    applications = deployed.resources("AWS::CodeDeploy::Application")
    groups = deployed.resources("AWS::CodeDeploy::DeploymentGroup")
    for name in groups:
        answer = client.get_deployment_group(applicationName=applications[0], deploymentGroupName=name)
        last = answer["deploymentGroupInfo"].get("lastAttemptedDeployment", {})
        if last.get("status", "Succeeded") != "Succeeded":
            wrong.append(name)
    saw(f"{len(groups)} deployment groups")
    expect(wrong, [])


@check("A canary's queue is read by the alias of the canary alone.")
def canary_is_read_apart(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("lambda")
    number = str(deployed.session.client("sts").get_caller_identity()["Account"])
    account = Account(deployed.session, number, str(deployed.session.region_name))
    workers = Canary(account, deployed.stack).workers()
    wrong = []
    for worker in workers:
        for alias, urls in ((LIVE, worker.queues), (CANARY, (worker.canary_queue,))):
            listed = client.list_event_source_mappings(FunctionName=f"{worker.function}:{alias}")
            sources = {each["EventSourceArn"].rpartition(":")[2] for each in listed["EventSourceMappings"]}
            if sources != {url.rpartition("/")[2] for url in urls}:
                wrong.append(f"{worker.kind}: {alias} reads {sorted(sources)}")
    saw(f"{len(workers)} workers with a canary")
    expect(wrong, [])


@check("Warm environments are ready as the settings state them.", on_aws=True)
def warm_as_stated(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("lambda")
    wrong, count = [], 0
    for each in deployed.functions():
        listed = client.list_provisioned_concurrency_configs(FunctionName=each["FunctionName"])
        for config in listed["ProvisionedConcurrencyConfigs"]:
            count += config["RequestedProvisionedConcurrentExecutions"]
            if config["Status"] != "READY":
                wrong.append(f"{each['FunctionName']}: {config['Status']}")
    saw(f"{count} warm environments")
    expect(wrong, [])


@check("Snapshots are there for the live versions of functions with SnapStart.", on_aws=True)
def snapshots_are_ready(deployed: Deployed, saw: Saw) -> None:
    client = deployed.session.client("lambda")
    wrong, count = [], 0
    for each in deployed.functions():
        found = client.get_function_configuration(FunctionName=each["FunctionName"], Qualifier=LIVE)
        snapshot = found.get("SnapStart", {})
        if snapshot.get("ApplyOn") == "PublishedVersions":
            count += 1
            if snapshot["OptimizationStatus"] != "On" or found["State"] != "Active":
                wrong.append(f"{each['FunctionName']}: {snapshot['OptimizationStatus']}, {found['State']}")
    saw(f"{count} functions with a snapshot")
    expect(wrong, [])
