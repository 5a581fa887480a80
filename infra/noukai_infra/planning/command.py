"""The command `python -m noukai_infra plan`."""

import json
from typing import Annotated, Any

import typer

from noukai_infra.folders import NOUKAI_TOML, SETTINGS_FILE
from noukai_infra.planning.bill import monthly, per_million
from noukai_infra.planning.load import MOST_OF_A_STACK, Load
from noukai_infra.planning.plan import Plan
from noukai_wire.limits import DEFAULT_UNFINISHED_JOBS

_LONGEST = 885


def plan_command(
    jobs_per_second: Annotated[
        float, typer.Option(min=0.001, max=1_000_000, help="The rate over minutes; bursts may be higher.")
    ],
    seconds: Annotated[float, typer.Option(min=0.001, max=_LONGEST, help="How long a job runs.")] = 0.2,
    keep_days: Annotated[float, typer.Option(min=0.05, max=90, help="How long a job is kept.")] = 7,
    memory: Annotated[int, typer.Option(min=128, max=10_240, help="The worker's memory in MB.")] = 256,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for a program.")] = False,
) -> None:
    """Print settings, quotas and the monthly bill for a number of jobs a second."""
    cells, plan = Plan.of(Load(jobs_per_second, seconds, keep_days, memory))
    if as_json:
        typer.echo(json.dumps(as_values(cells, plan), indent=2))
        return
    for line in lines(cells, plan):
        typer.echo(line)


def as_values(cells: int, plan: Plan) -> dict[str, Any]:
    """Return the plan of a stack, or of each cell, as values of JSON; prices are those of all cells."""
    bill = {name: round(usd * cells, 2) for name, usd in monthly(plan).items()}
    quotas = [{**quota._asdict(), "ask": ask} for quota, ask in plan.quotas.items()]
    return {
        "cells": cells,
        "jobsPerSecondOfEach": plan.load.jobs_per_second,
        "acceptedInABurst": plan.load.accepted,
        "settings": plan.settings,
        "quotas": quotas,
        "unfinishedJobsOfAnOrg": plan.unfinished,
        "monthlyUsd": bill,
        "totalUsd": round(sum(bill.values()), 2),
        "usdPerMillionJobs": round(per_million(plan.load, sum(bill.values()) / cells), 2),
    }


def lines(cells: int, plan: Plan) -> list[str]:
    """Return the plan for a person."""
    values = as_values(cells, plan)
    rate = f"{plan.load.jobs_per_second:,.10g} jobs a second of {plan.load.seconds:g} s"
    each = f"Each of {cells} cells: {rate}" if cells > 1 else rate[0].upper() + rate[1:]
    return [
        f"{each}; {plan.load.accepted:,.10g} a second are accepted in a burst, more get 429 and retry.",
        "",
        f"Settings, for {SETTINGS_FILE.name}:",
        "",
        *_settings(plan.settings),
        "",
        *_quotas(values["quotas"]),
        *_unfinished(plan),
        "",
        "A month at this rate, day and night, at the list prices of us-east-1:",
        "",
        *(f"{usd:14,.2f} USD  {name}" for name, usd in values["monthlyUsd"].items()),
        f"{values['totalUsd']:14,.2f} USD  in all, {values['usdPerMillionJobs']:.2f} per million jobs",
        "",
        *_notes(cells, plan),
    ]


def _settings(settings: dict[str, Any]) -> list[str]:
    if SETTINGS_FILE.name != NOUKAI_TOML:
        return [f"  {line}" for line in json.dumps(settings, indent=2).splitlines()[1:-1]]
    return [f"  {name} = {_toml(value)}" for name, value in settings.items()]


def _toml(value: Any) -> str:
    """Return a value as TOML; a table is written in a line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    return json.dumps(value)


def _quotas(quotas: list[dict[str, Any]]) -> list[str]:
    if not quotas:
        return ["No quota of a usual account has to be raised."]
    asked = [
        f"  {each['name']} ({each['service']} {each['code']}): {each['ask']:,} instead of {each['default']:,}"
        for each in quotas
    ]
    return ["Quotas to ask for, of each account and region:", "", *asked]


def _unfinished(plan: Plan) -> list[str]:
    if plan.unfinished <= DEFAULT_UNFINISHED_JOBS:
        return []
    said = "An org with most of the jobs needs a higher limit: noukai budget set --org ORG --unfinished"
    return ["", f"{said} {plan.unfinished}"]


def _notes(cells: int, plan: Plan) -> list[str]:
    notes = []
    if whole := plan.whole_bursts:
        asked = ", ".join(f"{quota.name} {count:,}" for quota, count in whole.quotas.items())
        share = plan.load.accepted / plan.load.burst
        notes.append(
            f"Of a burst of ten times the rate, {share:.0%} is accepted, and the rest gets 429 or 503 until "
            f"the burst ends. To accept it whole, ask for {asked}, and set the throttle, the concurrency and "
            "the warm throughput accordingly."
        )
    if "table_writes" in plan.settings.get("scale", {}):
        notes.append(
            "AWS charges once for raised warm throughput, which is not included: "
            "https://aws.amazon.com/dynamodb/pricing/on-demand/. It is never lowered again."
        )
    if cells > 1:
        notes.append(
            f"One stack ends at {MOST_OF_A_STACK:,} jobs a second: beyond, orgs are spread over cells, "
            "which are stacks behind one name (infra/SCALE.md)."
        )
    return notes
