"""The keys and budgets of orgs."""
