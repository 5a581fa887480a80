"""The output of the commands for schedules and webhooks: one fact per line."""

import json
from collections.abc import Iterable, Mapping, Sequence

from noukai.cli.terminal import say
from noukai_wire.display import one_line
from noukai_wire.schedules import InstantNote, Schedule, ScheduledJob
from noukai_wire.webhooks import Webhook


def show_facts(facts: Mapping[str, object]) -> None:
    """Print the facts that are known, each in a line."""
    known = {name: fact for name, fact in facts.items() if fact is not None}
    width = max(map(len, known), default=0) + 2
    for name, fact in known.items():
        text = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
        say(f"{name:<{width}}{one_line(text)}")


def show_schedule(schedule: Schedule) -> None:
    """Print a schedule, its next instants, its latest jobs, and the instants without one."""
    show_facts(
        {
            "name": schedule.name,
            "state": schedule.state,
            "problem": schedule.problem,
            "flow": schedule.flow,
            "cron": schedule.cron,
            "zone": schedule.zone,
            "overlap": schedule.overlap,
            "missed": schedule.missed,
            "message": schedule.message,
            "parameters": schedule.parameters or None,
            "options": schedule.options or None,
            "declared in": "code" if schedule.source == "code" else None,
            "created": schedule.created_at,
            "changed": None if schedule.changed_at == schedule.created_at else schedule.changed_at,
        }
    )
    _show_rows("next", ([instant] for instant in schedule.next))
    _show_rows("latest jobs", map(_job_row, schedule.jobs or []))
    _show_rows("instants without a job", map(_note_row, schedule.history or []))


def show_webhook(webhook: Webhook) -> None:
    """Print a webhook endpoint; a secret is printed if the answer has one."""
    show_facts(
        {
            "name": webhook.name,
            "url": webhook.url,
            "events": " ".join(webhook.events),
            "flow": webhook.flow,
            "secret": webhook.secret,
            "created": webhook.created_at,
            "old secrets until": webhook.old_secrets_until,
            "failing since": webhook.failing_since,
            "next try": webhook.next_try_at,
            "disabled": webhook.disabled_at,
            "reason": webhook.disabled_reason,
        }
    )


def _show_rows(heading: str, rows: Iterable[Sequence[str | None]]) -> None:
    known = list(rows)
    if known:
        say(f"\n{heading}")
    for row in known:
        say("  ".join(["", *(one_line(cell) for cell in row if cell)]))


def _job_row(scheduled: ScheduledJob) -> list[str | None]:
    job = scheduled.job
    state, error = ("expired", None) if job is None else (job.state, job.error)
    return [scheduled.instant or "triggered", scheduled.id, state, error]


def _note_row(note: InstantNote) -> list[str | None]:
    times = f" ({note.count} in a row)" if note.count > 1 else ""
    return [note.instant, f"{note.outcome}{times}", note.message]
