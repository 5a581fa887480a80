"""The worker: it takes deliveries, claims their jobs, has flow processes run them, and settles them."""
