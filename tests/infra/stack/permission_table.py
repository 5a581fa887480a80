"""The rights of each function, as a table: `python -m tests.infra.stack.permission_table` writes it."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_infra.app import synthesize
from noukai_infra.settings import ROOT, file_context
from tests.infra.stack.template import NO_BUNDLING, Template

FILE = ROOT / ".github" / "permissions.md"

_HEAD = """# What each function may do

Every function has a role of its own, which allows these actions on these resources of the stack and nothing
else. Lambda itself uses a role to write the function's log, and to read the queues and the stream; it puts
what could not be counted into a bucket with that of `metering`. Of a key's row a function may write when the
key was used, and of what is used, but for `metering`, how often a limited key calls and, for the functions of
webhooks, the names of an org's endpoints; nothing else. AWS allows
to list the streams of a table for all of them together, and for nothing narrower; metrics may be read all or
none. The deployment's `policies` are added to the role of `worker`.
A worker that flows ask for beside the default one is allowed the same, of
its own queue and log; who sends to `QueuesJobs` may send to the queues of these workers, too. `iam:PassRole`
hands EventBridge Scheduler, and nobody else, a role that it may take for schedules of this stack's group;
that allows `sqs:SendMessage` on the queues of jobs.

| function | resource | actions |
| --- | --- | --- |
"""
_HASH = re.compile(r"[0-9A-F]{8}$")
_WHOLE = re.compile(r"^(\w*)(.*)$")


def permission_table(template: Template) -> str:
    """Draw the table of a template."""
    kinds = {name: each["Type"].rpartition("::")[2] for name, each in template.body["Resources"].items()}
    rows = []
    for handler in template.functions():
        rights = template.rights(handler)
        for resource in sorted({resource for _, resource in rights}):
            actions = ", ".join(f"`{action}`" for action, of in sorted(rights) if of == resource)
            whole, part = _WHOLE.findall(resource)[0]
            kind = f"{kinds[whole]} " if whole in kinds else ""
            rows.append(f"| `{handler}` | {kind}`{_HASH.sub('', whole)}{part}` | {actions} |\n")
    return _HEAD + "".join(rows)


def main() -> None:
    """Write the table of the template as `cdk.json` makes it."""
    with TemporaryDirectory() as folder:
        synthesize(Path(folder), {**file_context(), **NO_BUNDLING})
        FILE.write_text(permission_table(Template.of(Path(folder))))


if __name__ == "__main__":
    main()
