"""The requests about webhook endpoints."""
