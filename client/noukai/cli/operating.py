"""The operator's commands: they are loaded when one is run, and come with the extra `deploy`."""

import typer

_SUMMARIES = {
    "init": "Make a repository: a flow, its test, its settings and a workflow that deploys it.",
    "local": "Run the system on http://localhost:8080 until Ctrl-C.",
    "demo": "Run the system here, submit a job, show its progress and result, and stop.",
    "doctor": "Check this machine, the repository, the account and the stack.",
    "deploy": "Deploy the stack, and show its endpoint and a first key.",
    "diff": "Show what a deploy would change, and change nothing.",
    "drift": "Show what was changed on AWS beside the template.",
    "rollback": "Roll back to the functions before the last deploy.",
    "canary": "Show, promote or abort the canary: a new version of the workers for a share of new jobs.",
    "destroy": "Delete the stack.",
    "keys": "The keys of the deployment's callers.",
    "budget": "What orgs may use in a month.",
    "restore": "Restore tables to a point in time, or continue an interrupted restoration.",
    "verify": "Check on the deployed stack what only AWS shows, and write a report.",
    "ops": "Show the system's health, its queues, dead-letter messages and logs.",
    "redrive": "Return unprocessed dead-letter messages, and untold ends of jobs, to their readers.",
    "plan": "Print settings, quotas and the monthly bill for a number of jobs a second.",
    "export": "Write each job as a line of JSON; with a file, go on where an export was cut off.",
    "import": "Put the jobs of an export into the stack; those that are there stay as they are.",
    "recount": "Count the usage that could not be counted in time, exactly once.",
}
OPERATING = frozenset(_SUMMARIES)
_PASSED_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "allow_interspersed_args": False}


def add_operating(app: typer.Typer) -> None:
    """Add the operator's commands, which take whatever arguments the infrastructure's own take."""
    for name, summary in _SUMMARIES.items():
        app.command(name, help=summary, context_settings=_PASSED_ON, add_help_option=False)(_operate)


def _operate(context: typer.Context) -> None:
    # The infrastructure takes a second to load, and who submits jobs has none of its libraries.
    from noukai_infra.repository.commands import operate  # noqa: PLC0415

    raise typer.Exit(operate(context.info_name or "", context.args))
