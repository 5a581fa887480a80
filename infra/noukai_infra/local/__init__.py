"""The local system: the synthesized template, deployed to an AWS emulator of local processes.

`python -m noukai_infra.local` runs it until it is interrupted; `noukai_infra.local.running` runs it as a
child process.
"""
