"""The assembly that is deployed to the local system, and its deployment."""
