"""The command `noukai`."""
