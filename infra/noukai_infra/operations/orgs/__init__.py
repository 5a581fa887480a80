"""The commands for the API keys and budgets of orgs."""
