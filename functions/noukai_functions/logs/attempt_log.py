"""The log of an attempt while it runs: lines are masked, bounded, compressed and stored."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from noukai.flow.runtime import Raised
from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.logs.line import DROPPED, LOG, STDERR, STDOUT, Line
from noukai_functions.logs.masking import Masker
from noukai_functions.logs.record import may_name_level, printed_level, read_record
from noukai_functions.logs.segment import Segment
from noukai_functions.logs.store import LogStore
from noukai_functions.logs.text_lines import MOST_LINE_BYTES, TextLines, byte_size, readable, shortened
from noukai_functions.telemetry.logger import job_fields, logger

MOST_BYTES = 5 * 1000 * 1000
MOST_LINES = 100_000
FLUSH_MS = 2000
"""The interval between two writes while somebody follows the log, and after a write that failed."""

_STREAMS = (STDOUT, STDERR, LOG)
"""The streams, by the number of their pipe."""
_RECORD_BYTES = 8 * MOST_LINE_BYTES
"""The longest record of logging: JSON writes a byte of its message with up to six characters, and each of its
fields with its own."""
_CUT_PROGRESS = 100
"""The fewest characters of a message of progress that may have been cut: it has 400 bytes at most."""
_PLACES = 12 * 1024
"""The most characters of a traceback without its last line, of which the end is kept."""


@dataclass(slots=True)
class AttemptLog:
    """The log of one attempt.

    It holds no more than a little over a line of each stream and the compressed segment that grows. A line
    beyond the bounds is only counted.
    """

    job: Job
    store: LogStore
    clock: Clock
    masker: Masker
    copies: bool = False
    """Whether `hear` returns the lines for the worker's own log."""
    interval_ms: int = 20_000
    """The interval between two writes while nobody follows."""
    _streams: list[TextLines] = field(default_factory=list)
    _firsts: list[int] = field(default_factory=list)
    _segment: Segment | None = None
    _bytes: int = 0
    _dropped: int = 0
    _dropped_bytes: int = 0
    _unfinished: set[int] = field(default_factory=set)
    """The streams whose last line, which is not kept, has not ended."""
    has_news: bool = False
    """Whether there are lines that are not stored."""
    _flushed_at: int = 0
    _stores_from: int = 0
    """When to store again after a service did not answer."""
    _seals_from: int = 0
    """When to store a full segment after a write that failed: not at each further line."""
    _followed_until: int = 0

    @property
    def is_open(self) -> bool:
        """Return whether `close` has something to store."""
        return self.has_news or self._dropped > 0

    @property
    def is_full(self) -> bool:
        """Return whether further lines are only counted."""
        return self._bytes >= MOST_BYTES or self._count >= MOST_LINES

    def skip(self, lines: int, size: int) -> None:
        """Count lines that the flow's process has dropped, and their bytes."""
        self._dropped += lines
        self._dropped_bytes += size

    def hear(self, stream: int, data: bytes) -> bytes:
        """Take what was read from a pipe; return the lines to copy to the worker's log."""
        if self.is_full:
            self._skip(stream, data)
            return b""
        lines = self._stream(stream).feed(data)
        return self._take(stream, lines) if lines and not self._takes_together(stream, lines) else b""

    def finish(self) -> bytes:
        """Take the unfinished lines of all streams; return them to copy to the worker's log."""
        self._dropped += len(self._unfinished)
        self._unfinished.clear()
        return b"".join(self._take(number, list(each.finish())) for number, each in enumerate(self._streams))

    def follow(self, until: int | None) -> None:
        """Record until when somebody follows the log."""
        self._followed_until = max(self._followed_until, until or 0)

    def is_due(self, now: int) -> bool:
        """Return whether there are new lines, and it is time to store them."""
        interval = FLUSH_MS if self._followed_until > now else self.interval_ms
        return self.has_news and now >= (self._flushed_at or self.job.claimed_at or 0) + interval

    def flush(self, now: int, *, is_last: bool = False) -> None:
        """Store the new lines; a failure is only logged, since a log must decide nothing about its job.

        `is_last` states that the job ends with this attempt.
        """
        if self._segment is None or not self.has_news:
            return
        self._flushed_at, segment = now, self._segment
        if self._stores(lambda: self.store.write(self.job, self._firsts, segment, now, is_last=is_last)):
            self.has_news = False

    def outlast(self, now: int) -> None:
        """Store the log again, to be kept until its job ends: the job goes on in another worker."""
        self.has_news = self._segment is not None
        self.flush(now)

    def close(self, now: int, outcome: object, *, is_last: bool) -> None:
        """Store what is left; the last lines count what was dropped, and say where the flow raised."""
        if self._dropped:
            self._note_dropped()
        if isinstance(outcome, Raised) and outcome.trace:
            places, _, _ = outcome.trace.rpartition("\n")
            if len(places) > _PLACES:
                places = f"… [cut: {len(places)} characters]{places[-_PLACES:]}"
            trace = readable(f"Traceback (most recent call last):\n{places}\n{outcome.error}")
            self._keep(Line(now, LOG, shortened(self.masker.mask(trace), 0), "error"))
        self.flush(now, is_last=is_last)

    def masked(self, progress: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a report of progress without secrets."""
        if "message" not in progress:
            return progress
        message = progress["message"]
        return {**progress, "message": self.masker.mask(message, is_cut=len(message) >= _CUT_PROGRESS)}

    def _stream(self, number: int) -> TextLines:
        while len(self._streams) <= number:
            most = _RECORD_BYTES if _STREAMS[len(self._streams)] == LOG else MOST_LINE_BYTES
            self._streams.append(TextLines(self.masker.longest, most))
        return self._streams[number]

    def _skip(self, number: int, data: bytes) -> None:
        """Count lines only: a flow that prints without end must not wait for each of them to be decoded."""
        if number < len(self._streams):
            self._streams[number].forget()
        self._dropped += data.count(b"\n")
        self._dropped_bytes += len(data)
        if data.endswith(b"\n"):
            self._unfinished.discard(number)
        else:
            self._unfinished.add(number)

    def _takes_together(self, number: int, lines: list[tuple[str, int]]) -> bool:
        """Keep lines that were printed without secrets and levels, if that needs no look at each of them.

        A flow that prints much waits for this, or on a single core always.
        """
        stream, texts = _STREAMS[number], [text for text, left_out in lines if not left_out]
        text = "\n".join(texts)
        if (
            stream == LOG
            or self.copies
            or len(texts) < len(lines)
            or self._count + len(texts) > MOST_LINES
            or self._bytes + byte_size(text) > MOST_BYTES
            or max(map(len, texts)) > MOST_LINE_BYTES // 4  # so many have no more bytes than that in UTF-8
            or self.masker.finds(text)
            or may_name_level(stream, text)
        ):
            return False
        self._keep(Line(self.clock.now(), stream, texts[0]), *texts[1:])
        return True

    def _take(self, number: int, lines: list[tuple[str, int]]) -> bytes:
        now, stream, copied = self.clock.now(), _STREAMS[number], []
        is_masked = stream != LOG and self.masker.finds("\n".join(text for text, _ in lines))
        for place, (text, left_out) in enumerate(lines):
            if self.is_full:
                self._drop(lines[place:])
                break
            if stream == LOG:
                line = read_record(text, left_out, now, self.masker)
            else:
                level = printed_level(stream, text)
                if is_masked or left_out:
                    text = self.masker.mask(text, is_cut=left_out > 0)  # noqa: PLW2901 - one secret less
                line = Line(now, stream, shortened(text, left_out), level)
            self._keep(line)
            if self.copies:
                copied.append(self._copy(line))
        return b"".join(copied)

    @property
    def _count(self) -> int:
        return 0 if self._segment is None else self._segment.first + self._segment.count

    def _drop(self, lines: list[tuple[str, int]]) -> None:
        self._dropped += len(lines)
        self._dropped_bytes += sum(len(text) + left_out + 1 for text, left_out in lines)

    def _note_dropped(self) -> None:
        count, size = self._dropped, self._dropped_bytes
        message = (
            f"{count:,} more lines ({size:,} bytes) were dropped: "
            f"the log of an attempt keeps {MOST_LINES:,} lines or {MOST_BYTES // 1_000_000} MB"
        )
        self._keep(Line(self.clock.now(), DROPPED, message, fields={"dropped": count}))
        self._dropped = self._dropped_bytes = 0

    def _keep(self, line: Line, *more: str) -> None:
        segment = self._segment
        if segment is None:
            segment = self._segment = Segment(0)
        elif segment.is_full and self.clock.now() >= self._seals_from:
            segment = self._next(segment)
        segment.add(line, *more)
        self._bytes += line.size + byte_size("".join(more))
        self.has_news = True

    def _next(self, full: Segment) -> Segment:
        """Store a full segment, and begin the next; if that fails, let it grow for a while."""
        if not self._stores(lambda: self.store.seal(self.job, full, len(self._firsts))):
            return full
        self._firsts.append(full.first)
        self._segment = Segment(full.first + full.count)
        return self._segment

    def _stores(self, write: Callable[[], object]) -> bool:
        """Store something, and return whether that has succeeded.

        A service that does not answer holds up the heartbeats until the call times out. Two such calls within
        a third of the lease would lose the lease, and with it the job's outcome.
        """
        begun = self.clock.now()
        if begun < self._stores_from:
            return False
        try:
            write()
        except (AwsError, OSError):
            logger().warning("a job's log could not be stored", extra=job_fields(self.job), exc_info=True)
            ended = self.clock.now()
            self._stores_from = ended + (self.interval_ms if ended - begun >= FLUSH_MS else 0)
            self._seals_from = ended + FLUSH_MS
            return False
        return True

    def _copy(self, line: Line) -> bytes:
        """Return a line as the worker's log has it: as it was printed, or a record as JSON."""
        if line.stream != LOG:
            return line.message.encode("utf-8", "replace") + b"\n"
        record = {
            **(line.fields or {}),  # which must not pass for ours
            "level": line.shown_level.upper(),
            "message": line.message,
            "job_id": self.job.id,
            "attempt": self.job.attempt,
        }
        return json.dumps(record).encode() + b"\n"
