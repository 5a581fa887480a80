"""The worker's side of flow processes: it starts, keeps, hears, interrupts and reaps them."""
