"""The worker kind that a flow asks for. Flows of the same kind share a function and a queue."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkerKind:
    """The requested settings of a worker; None means the default worker's."""

    memory: int | None = None
    """In MB, like the storage."""
    ephemeral_storage: int | None = None
    concurrency: int | None = None
    """How many of these workers may run concurrently."""
    batch: int | None = None
    """How many jobs a worker receives at a time."""
    timeout: int | None = None
    """The timeout of the worker's function, in seconds."""

    @property
    def is_batched(self) -> bool:
        """Return whether it runs the jobs of a batch in turn."""
        return self.batch is not None and self.batch > 1

    @property
    def name(self) -> str | None:
        """Return the name of the worker kind, such as `m2048-b10-t60`; None for the default."""
        asked = {
            "m": self.memory,
            "e": self.ephemeral_storage,
            "c": self.concurrency,
            "b": self.batch,
            "t": self.timeout,
        }
        return "-".join(f"{initial}{value}" for initial, value in asked.items() if value is not None) or None
