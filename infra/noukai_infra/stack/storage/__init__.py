"""The storage of a deployment: its tables and buckets."""
