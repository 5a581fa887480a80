"""The deploy of the stack by the CDK, its checks beforehand, and its rollback."""
