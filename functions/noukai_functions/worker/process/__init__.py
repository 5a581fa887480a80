"""The flow processes from the worker's side: started, keeps, interrupted, and reaps them."""
