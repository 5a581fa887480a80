"""The lines that the local system writes to its terminal."""
