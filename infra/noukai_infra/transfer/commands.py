"""The commands `python -m noukai_infra export` and `import`."""

import gc
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from noukai_infra.operations.operator import Context, Operator, Stage
from noukai_infra.operations.times import parse_time
from noukai_infra.terminal import tell_beside
from noukai_wire.slug import SLUG_RULE, is_slug

if TYPE_CHECKING:
    from noukai_infra.transfer.contents import Contents
    from noukai_infra.transfer.restoring import Fate

_STDIN = "-"
_RATE = 200
_COLLECTED = gc.get_threshold()


def _org(text: str | None) -> str | None:
    if text is not None and not is_slug(text):
        raise typer.BadParameter(f"use {SLUG_RULE}")
    return text


def _flow(text: str | None) -> str | None:
    if text is not None and (text.count("/") != 1 or not all(map(is_slug, text.split("/")))):
        raise typer.BadParameter("use PROJECT/FLOW; --org names the org")
    return text


OfOrg = Annotated[
    str | None, typer.Option("--org", callback=_org, help="Jobs of this org.", show_default=False)
]
OfFlow = Annotated[
    str | None, typer.Option("--flow", callback=_flow, metavar="PROJECT/FLOW", help="Jobs of this flow.")
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", parser=parse_time, metavar="TIME", help="Jobs submitted at this time or later."),
]
Until = Annotated[
    datetime | None,
    typer.Option("--until", parser=parse_time, metavar="TIME", help="Jobs submitted before this time."),
]
ExportFile = Annotated[
    Path | None,
    typer.Option(
        "--file", "-f", help="The file to write, instead of stdout; again, it goes on where it was cut off."
    ),
]
ImportFile = Annotated[Path, typer.Option("--file", "-f", help="The lines of an export; - is stdin.")]
After = Annotated[
    str | None,
    typer.Option(
        "--after", metavar="JOB", help="Go on after this job; for an export to stdout that was cut off."
    ),
]
Rate = Annotated[
    int, typer.Option("--rate", min=1, help="The most read units a second; one reads 8 KB of the table.")
]


def export_command(
    context: Context,
    stage: Stage = None,
    *,
    file: ExportFile = None,
    org: OfOrg = None,
    flow: OfFlow = None,
    since: Since = None,
    until: Until = None,
    after: After = None,
    rate: Rate = _RATE,
) -> None:
    """Write each job as a line of JSON; with a file, go on where an export was cut off."""
    # Only these commands know how jobs are stored.
    from noukai_infra.transfer.export import Export, ReadRate, Selection  # noqa: PLC0415
    from noukai_infra.transfer.writing import to_file, to_stdout  # noqa: PLC0415

    if file is not None and after is not None:
        raise typer.BadParameter("a file keeps its place itself", param_hint="'--after'")
    operator = Operator.of(context, stage)
    contents = _contents(operator)
    selection = Selection(org, flow, _milliseconds(since), _milliseconds(until))
    export = Export(contents.dynamodb, contents.table, contents, selection, ReadRate(rate), _now())
    jobs = 0
    try:
        written = to_stdout(export, after) if file is None else to_file(export, file, operator.stack)
        for count in written:
            jobs = count
    finally:
        named = {name: value for name, value in (("org", org), ("flow", flow)) if value is not None}
        operator.record("export_jobs", jobs=jobs, **named)
    tell_beside(f"{jobs} jobs exported")
    if export.unreadable:
        tell_beside(
            f"{len(export.unreadable)} jobs cannot be read and are left out: {', '.join(export.unreadable)}"
        )
        raise typer.Exit(1)


def import_command(context: Context, stage: Stage = None, *, file: ImportFile) -> None:
    """Put the jobs of an export into the stack; those that are there stay as they are."""
    from noukai_infra.transfer.reading import check, opened, put  # noqa: PLC0415 - as above
    from noukai_infra.transfer.restoring import Fate, Import  # noqa: PLC0415

    operator = Operator.of(context, stage)
    contents = _contents(operator)
    spread = operator.settings.scale.index_partitions
    restoring = Import(contents.dynamodb, contents.table, contents, spread, _now())
    fates: Counter[Fate] = Counter()
    with opened(None if str(file) == _STDIN else file) as lines:
        check(lines, restoring.now)
        try:
            for some in put(restoring, lines):
                fates += some
        finally:
            operator.record("import_jobs", jobs=fates[Fate.IMPORTED])
            tell_beside(f"{fates[Fate.IMPORTED]} jobs imported{_passed_over(fates)}")


def _passed_over(fates: "Counter[Fate]") -> str:
    """Say what was not imported."""
    told = {
        "existing": "were there already",
        "expired": "had expired",
        "unfinished": "were pending or running, whose messages are in the queue of their own stack",
    }
    counts = [f"{fates[fate]} {told[fate.value]}" for fate in fates if fate.value in told]
    return "".join(f"; {each}" for each in sorted(counts))


def _contents(operator: Operator) -> "Contents":
    from noukai_infra.transfer.contents import Contents  # noqa: PLC0415 - as above

    # The functions collect garbage rarely, as suits a request; here, it would grow with the jobs.
    gc.set_threshold(*_COLLECTED)
    session, outputs = operator.account.session, operator.account.deployed(operator.stack)
    return Contents(
        session.client("dynamodb"), session.client("s3"), outputs["JobsTable"], outputs["PayloadsBucket"]
    )


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else round(moment.timestamp() * 1000)


def _now() -> int:
    return time.time_ns() // 10**6
