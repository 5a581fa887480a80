"""The operations that an operator runs on a deployment."""
