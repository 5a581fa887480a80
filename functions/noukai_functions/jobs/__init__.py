"""The job itself: its life, its row, its message, its index entry and its objects."""
