"""The hostile flows, and the expected ends of their jobs."""

DONE = ("completed", "done")
AT_IMPORT = {
    "ignoring": DONE,
    "deaf": DONE,
    "ticking": DONE,
    "relocated": ("completed", "done" * 2**18),
    "reporting": DONE,
    "seeded": DONE,
    "connected": DONE,
    "displaced": DONE,
    "limited": DONE,
    "muted": DONE,
    "spawning": DONE,
    "closing": DONE,
    "scribbling": DONE,
    "forking": DONE,
    "flooding": DONE,
    "exiting": ("failed", "ended itself with status 7 while it imported"),
    "leaving": ("failed", "SystemExit: no licence"),
    "crashing": ("failed", "SIGSEGV"),
    "greedy": ("failed", "MemoryError"),
    "raising": ("failed", "RuntimeError: no model at /opt/model"),
    "hanging": ("failed", "import"),
    "shutting": ("failed", "closed the pipes"),
    "patching": DONE,
    "lengthy": DONE,
    "rewriting": DONE,
}
"""Each project, with its job's output or with text in its job's error."""
LEAVING = (
    "fork and return",
    "child",
    "grandchild",
    "daemon",
    "stopped child",
    "thread",
    "work in a pool",
    "work in a loop",
)
"""Acts that leave something behind; it ends with the process."""
IN_RUN = {
    **dict.fromkeys(
        [
            "ignore children",
            "ignore the interrupt",
            "block signals",
            "alarm",
            "timer that raises",
            "region",
            "no environment",
            "other environment",
            "logging",
            "seed",
            "folder",
            "mask of files",
            "few descriptors",
            "path",
            "other output",
            "closed output",
            "closed descriptors",
            "redirected descriptors",
            "scribble",
            "scribble into the log",
            "flood",
            *LEAVING,
            "litter",
            "unmade Python",
        ],
        DONE,
    ),
    "exit": ("failed", "ended itself with status 7"),
    "leave": ("failed", "SystemExit: no licence"),
    "crash": ("failed", "SIGSEGV"),
    "kill": ("failed", "SIGKILL"),
    "memory": ("failed", "MemoryError"),
    "all descriptors": ("failed", "closed the pipes"),
    "stop": ("failed", "TimeoutError"),
    "hold out": ("failed", "TimeoutError"),
    "keyboard": ("failed", "KeyboardInterrupt"),
    "cancelled": ("failed", "CancelledError"),
    "unspeakable": ("failed", "Unspeakable"),
    "group": ("failed", "ValueError"),
}
METHODS = ("fork", "spawn", "forkserver")
PARALLEL = [
    (way, method) for way in ("pool", "executor", "awaited executor", "processes") for method in METHODS
]
LATER = {"alarm", "timer that raises"}
"""Effects that come while the next flow runs unless they are cancelled."""
