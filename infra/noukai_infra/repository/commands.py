"""The commands of a repository: begin it, run it on this machine, check the machine."""

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from noukai_infra.repository.beginning import begin_repository, examples
from noukai_infra.repository.distribution import Requirement, missing, with_extra
from noukai_infra.terminal import folded, tell

commands = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None
)


def _listed_examples() -> str:
    return ", ".join(f"{name} ({title})" for name, title in examples().items())


@commands.command("init")
def init_command(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder; files that it has stay as they are.")
    ],
    package: Annotated[
        str | None,
        typer.Option(
            metavar="WHEEL_OR_URL", help="What the repository installs; by default, what is installed here."
        ),
    ] = None,
    example: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"A recipe to begin with: {_listed_examples()}.")
    ] = None,
) -> None:
    """Make a repository: a flow, its test, its settings and a workflow that deploys it."""
    try:
        requirement = Requirement.of(package)
        begun = begin_repository(folder, requirement, example)
    except ValueError as error:
        sys.exit(folded(str(error), sys.stderr))
    for path in begun.made:
        typer.echo(path)
    for path, missing_lines in begun.kept.items():
        tell(_kept(path, missing_lines), hanging=2)
    if requirement.local is not None:
        note = (
            f"Note: requirements.txt installs noukai from {requirement.local}, which only this machine has. "
            "For others and CI, name a wheel or a URL there, as `--package` of `noukai init` does: "
            "noukai[deploy] @ git+https://..."
        )
        tell(f"\n{note}")
    step = "" if folder.resolve() == Path.cwd() else f"cd {folder}, and "
    typer.echo(f"\nNext: {step}read {begun.page.name}.")


def _kept(path: Path, missing_lines: list[str] | None) -> str:
    """Say that a file stays as it is, and what to add to it."""
    if missing_lines is None:
        return f"{path} stays as it is: `noukai init` in an empty folder shows what ours says."
    if not missing_lines:
        return f"{path} stays as it is: it has all that is needed."
    return f"{path} stays as it is: add by hand\n" + "\n".join(f"    {line}" for line in missing_lines)


@commands.command("local")
def local_command(
    port: Annotated[
        int | None, typer.Option(help="Instead of 8080; 0 takes a free one.", show_default=False)
    ] = None,
    flows: Annotated[
        Path | None, typer.Option(help="The flows of another folder.", show_default=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Where jobs are kept from run to run.", show_default=False)
    ] = None,
    *,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, without the jobs of the run before.")
    ] = False,
) -> None:
    """Run the system on http://localhost:8080 until Ctrl-C."""
    from noukai_infra.local.__main__ import main  # noqa: PLC0415 - the others need none of it

    given = {"PORT": port, "FLOWS": flows, "DATA": data, "FRESH": "1" if fresh else None}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    raise typer.Exit(main())


@commands.command("demo")
def demo_command() -> None:
    """Run the system here, submit a job, show its progress and result, and stop."""
    from noukai_infra.local.demo.__main__ import main  # noqa: PLC0415 - as above

    raise typer.Exit(main())


@commands.command("doctor")
def doctor_command(
    named: Annotated[
        str | None, typer.Argument(metavar="[STAGE]", help="The stage whose settings are checked.")
    ] = None,
    stage: Annotated[
        str | None, typer.Option(help="The stage, as with other commands.", show_default=False)
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each check.")] = False,
) -> None:
    """Check this machine, the repository, the account and the stack."""
    if (chosen := stage or named) is not None:
        os.environ["NOUKAI_STAGE"] = chosen
    from noukai_infra.repository.doctor.checks import findings  # noqa: PLC0415 - as above

    is_well = True
    for each in findings():
        is_well = is_well and (each.is_good or not each.is_needed)
        if as_json:
            typer.echo(json.dumps(asdict(each)))
            continue
        mark = "ok" if each.is_good else "wrong" if each.is_needed else "note"
        tell(f"{mark:5}  {each.name}: {each.said}", hanging=7)
    raise typer.Exit(0 if is_well else 1)


def operate(name: str, arguments: Sequence[str]) -> int:
    """Run a command of the operator; return its exit code."""
    if name != "init" and (lacking := missing()):
        said = f"`noukai {name}` needs {', '.join(lacking)}: pip install '{with_extra()}'"
        sys.stderr.write(f"{folded(said, sys.stderr)}\n")
        return 1
    try:
        _run(name, arguments)
    except SystemExit as end:
        if not isinstance(end.code, str):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    return 0


def _run(name: str, arguments: Sequence[str]) -> None:
    if name in {each.name for each in commands.registered_commands}:
        commands([name, *arguments], prog_name="noukai")
        return
    from noukai_infra.__main__ import main  # noqa: PLC0415 - it takes half a second to load

    main([name, *arguments], program="noukai")
