"""What Lambda runs: thin entries over edges (store, queue, keys, catalog) over a pure lifecycle."""
