"""The operator's lines in the audit log: keys that were made or revoked, budgets that were changed."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from noukai_infra.operations.account import Account

OUTPUT = "AuditLogGroup"
"""The output of the stack that names the audit log group."""


def record(account: "Account", stack: str, action: str, **about: object) -> None:
    """Write to the audit log who has done what; warn if that is impossible, since it is done already."""
    group = account.deployed(stack).get(OUTPUT)
    if group is None:
        return  # the stack was deployed by a version without an audit log
    try:
        _write(account, group, {"action": action, **about})
    except (BotoCoreError, ClientError) as error:
        typer.echo(f"Warning: this is not in the audit log {group}: {error}", err=True)


def _write(account: "Account", group: str, said: dict[str, object]) -> None:
    now = time.time()
    who = account.session.client("sts").get_caller_identity()["Arn"]
    logs = account.session.client("logs")
    stream = f"operators/{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
    moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"level": "INFO", "timestamp": moment, "message": "audit", "operator": who, **said}
    event: Any = {"timestamp": round(now * 1000), "message": json.dumps(line, separators=(",", ":"))}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
