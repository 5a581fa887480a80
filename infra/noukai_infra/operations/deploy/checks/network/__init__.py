"""The networks of workers before a deploy: look-ups, problems, and endpoints with their prices."""
