"""The messages between a worker and its flow processes: calls, answers with outcomes, and progress."""
