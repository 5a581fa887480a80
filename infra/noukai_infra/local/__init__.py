"""The local system: the synthesized template, deployed to an AWS emulator of local processes.

`python -m noukai_infra.local` runs it until it is interrupted; `noukai_infra.local.running` starts and stops that as a
process.
"""
