"""The checks of `noukai doctor`: the machine, the repository, the account and the deployed stack."""
