"""The command `noukai`: its subcommands, options, output and exit codes."""
