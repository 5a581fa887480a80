"""The catalog of flows and the validation of their inputs."""
