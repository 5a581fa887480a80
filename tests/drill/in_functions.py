"""Faults of deployments, usage and the account: how each is made, and what shows that it is mended."""

import io
import json
import zipfile
from base64 import b32encode
from collections.abc import Callable
from typing import Any

from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.row import encode
from noukai_functions.names import STATE, SWEEP_ROW
from tests.drill.fault import Words
from tests.drill.site import DAY_MS, FAILED, Site
from tests.functions.stand_ins.discarded import discard
from tests.functions.stand_ins.stream import DAY, NOW, ended
from tests.job_rows import pending


def fill_account(site: Site) -> Words:
    return {"UUID": site.mapping("worker")["UUID"]}


def fits(site: Site) -> bool:
    return bool(site.mapping("worker")["ScalingConfig"]["MaximumConcurrency"] <= 5)


def be_throttled(site: Site) -> None:
    if not fits(site):
        site.published.invoked("of the API", site.now, throttled=True)


def deploy_wrong(*entries: str) -> Callable[[Site], Words]:
    """Deploy code that raises on import to some functions, as an update of the stack does."""

    def deploy(site: Site) -> Words:
        client = site.client("lambda")
        for entry, name in site.functions.items():
            live = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
            aliases = {each["Name"] for each in client.list_aliases(FunctionName=name)["Aliases"]}
            write = client.update_alias if "previous" in aliases else client.create_alias
            write(FunctionName=name, Name="previous", FunctionVersion=live)
            if entry in entries:
                client.update_function_code(FunctionName=name, ZipFile=_broken(entry))
                version = client.publish_version(FunctionName=name)["Version"]
                client.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
        mapping = site.mapping("metering")["UUID"]
        return {"UUID": mapping, "FUNCTION": site.functions["metering"]}

    return deploy


def _broken(entry: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as file:
        for package in ("noukai_functions", "noukai_functions/handlers"):
            file.writestr(f"{package}/__init__.py", "")
        file.writestr(f"noukai_functions/handlers/{entry}.py", "raise RuntimeError('a wrong deploy')\n")
    return written.getvalue()


def answers(site: Site) -> bool:
    return site.request("GET", "/jobs/job_unknown").status_code == 404


def read_late(site: Site) -> None:
    """Let records wait for the metering that fails; they count as two hours old."""
    site.submit("echo")
    if site.mapping("metering").get("LastProcessingResult") == FAILED:
        site.published.read_stream(site.functions["metering"], site.now, late_ms=2 * 3_600_000)


def counts(site: Site) -> bool:
    return site.mapping("metering").get("LastProcessingResult") != FAILED


def leave_dead_letter(site: Site) -> Words:
    """Write a damaged row of a job, whose dead-letter message has been tried in vain for two days."""
    now = site.real_ms
    number = b32encode(now.to_bytes(16)).decode().lower().rstrip("=")
    site.dead = pending(now, id=f"job_{number}", flow="drill/echo")
    _put(site, {**encode(site.dead), STATE: {"S": "damaged"}})
    body = Message(site.dead.id, now, "acme", "drill/echo", {"message": "a drill"}).body
    site.client("sqs").send_message(QueueUrl=site.outputs["UnprocessedQueueUrl"], MessageBody=body)
    return {}


def put_row_right(site: Site) -> None:
    _put(site, encode(site.dead))


def _put(site: Site, item: Any) -> None:
    site.client("dynamodb").put_item(TableName=site.outputs["JobsTable"], Item=item)


def is_settled(site: Site) -> bool:
    return site.state(site.dead.id) == "failed"


def leave_uncounted(site: Site) -> Words:
    records = [ended(number, flow="drill/echo") for number in (1, 2, 3)]
    discard(site.client("s3"), site.outputs["UncountedBucket"], records, "shard", NOW)
    return {}


def is_counted(site: Site) -> bool:
    found = site.request("GET", "/usage", params={"from": DAY, "to": DAY})
    return '"completed":3' in json.dumps(found.json(), separators=(",", ":"))


def stop_sweep(site: Site) -> Words:
    name = site.rule("SweepOften")["Name"]
    site.client("events").disable_rule(Name=name)
    return {"RULE": name, "STACK": "noukai"}


def pass_a_day(site: Site) -> None:
    """Make the last round a day older; then let the rule fire, if it can."""
    key = {"id": {"S": SWEEP_ROW}}
    table = site.outputs["JobsTable"]
    row = site.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    times = {name: {"N": str(int(row[name]["N"]) - DAY_MS)} for name in ("started_at", "ended_at")}
    _put(site, {**row, **times})
    site.sweep()


def has_swept(site: Site) -> bool:
    return bool(site.rule("SweepOften")["State"] == "ENABLED")
