"""The worker kind that a flow asks for; flows of the same kind share a function and a queue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerKind:
    """The requested worker settings; None is the default worker's."""

    memory: int | None = None
    """In MB, like the storage."""
    ephemeral_storage: int | None = None
    concurrency: int | None = None
    """How many of these workers may run at once."""
    batch: int | None = None
    """How many jobs a worker is given at once."""
    timeout: int | None = None
    """Of the worker's function, in seconds."""

    @property
    def is_batched(self) -> bool:
        """Return whether its jobs run one after the other."""
        return self.batch is not None and self.batch > 1

    @property
    def name(self) -> str | None:
        """Return the worker kind's name, such as `m2048-b10-t60`; None for the default."""
        asked = {
            "m": self.memory,
            "e": self.ephemeral_storage,
            "c": self.concurrency,
            "b": self.batch,
            "t": self.timeout,
        }
        return "-".join(f"{initial}{value}" for initial, value in asked.items() if value is not None) or None
