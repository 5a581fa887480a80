"""The catalog of flows: which there are, and what they accept."""
