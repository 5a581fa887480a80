"""The rights of the workers to read their secrets."""

from noukai_infra.verify.check import CheckSkippedError, Saw, check, expect
from noukai_infra.verify.deployed import Deployed
from noukai_wire.secret_sources import PARAMETER, parsed_sources


@check("Each worker may read its secrets, by AWS's own judgement of its role.", on_aws=True)
def secrets_are_readable(deployed: Deployed, saw: Saw) -> None:
    iam, clients = deployed.session.client("iam"), deployed.session
    refused, count = [], 0
    for function in deployed.functions():
        stated = function.get("Environment", {}).get("Variables", {}).get("SECRETS")
        for name, source in parsed_sources(stated or "{}").items():
            if source.service == PARAMETER:
                action = "ssm:GetParameters"
                arn = clients.client("ssm").get_parameter(Name=source.name)["Parameter"]["ARN"]
            else:
                action = "secretsmanager:GetSecretValue"
                arn = clients.client("secretsmanager").describe_secret(SecretId=source.name)["ARN"]
            judged = iam.simulate_principal_policy(
                PolicySourceArn=function["Role"], ActionNames=[action], ResourceArns=[arn]
            )["EvaluationResults"]
            count += 1
            refused += [name for each in judged if each["EvalDecision"] != "allowed"]
    if not count:
        raise CheckSkippedError("the settings name no secrets")
    saw(f"{count} secrets, refused: {refused}")
    expect(refused, [])
