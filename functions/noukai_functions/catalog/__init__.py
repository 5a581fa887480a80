"""The catalog of flows: their names, their settings and the checks of their inputs."""
