"""The repository of a team: how it begins, and the commands that it is worked with."""
