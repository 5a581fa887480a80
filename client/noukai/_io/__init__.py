"""The input and output: drivers, connections, threads."""
