"""The permissions that several functions need."""
