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
    named: str | None = None
    """The name of a worker kind of the deployment's settings, which sets all of the above."""

    @property
    def is_batched(self) -> bool:
        """Return whether it runs the jobs of a batch in turn."""
        return self.batch is not None and self.batch > 1

    @property
    def name(self) -> str | None:
        """Return the name of the worker kind, such as `ml` or `m2048-b10-t60`; None for the default."""
        values = ((name[0], value) for name, value in self.asked.items())
        return self.named or "-".join(f"{initial}{value}" for initial, value in values) or None

    @property
    def asked(self) -> dict[str, int]:
        """Return the settings that are asked for, by name."""
        settings = {
            "memory": self.memory,
            "ephemeral_storage": self.ephemeral_storage,
            "concurrency": self.concurrency,
            "batch": self.batch,
            "timeout": self.timeout,
        }
        return {name: value for name, value in settings.items() if value is not None}
