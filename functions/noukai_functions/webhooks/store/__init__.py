"""The webhook endpoints of orgs and their deliveries, in one table."""
