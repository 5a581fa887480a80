"""The job: its lifecycle, row, message, index entry, saved objects."""
