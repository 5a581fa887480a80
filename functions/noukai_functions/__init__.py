"""The code that Lambda runs: handlers over stores, queues, keys and catalog, over a pure lifecycle."""
