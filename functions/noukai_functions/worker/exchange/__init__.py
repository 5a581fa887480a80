"""The exchange between a worker and its flow processes: calls, answers, outcomes and progress."""
