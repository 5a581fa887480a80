"""The code that Lambda runs: handlers, and the rooms that their parts come from."""
