"""The same system on this machine: the synthesized template, deployed to an AWS that runs in processes of its
own.



`python -m infra.local` runs it until it is interrupted; `infra.local.running` starts and stops that as a
process.
"""
