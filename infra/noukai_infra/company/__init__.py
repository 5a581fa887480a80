"""The rules of a company, for a composed stack and for deploys."""
