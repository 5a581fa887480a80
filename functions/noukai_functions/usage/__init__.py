"""The usage of orgs: records, totals and budgets."""
