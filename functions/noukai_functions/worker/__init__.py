"""The work on a delivery, from its receipt to its settled job."""
