"""The commands of an operator: deploy, roll back, restore, keys, budgets, redrive and recount."""
