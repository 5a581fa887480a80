"""The settings of a deployment.

They are read from `noukai.toml`, or without it from the context of `cdk.json`; `-c name=value` on the command
line overrides both. Settings that belong together are a group: a dataclass in a file of its own.
"""

from noukai_infra.settings.addresses.cors import Cors
from noukai_infra.settings.addresses.domain import Domain
from noukai_infra.settings.addresses.edge import EDGE_REGION, Edge
from noukai_infra.settings.checks import SettingsError
from noukai_infra.settings.company import Company
from noukai_infra.settings.complaints import complaints
from noukai_infra.settings.identity import Identity
from noukai_infra.settings.reading import ROOT, STAGE, file_context, overrides, settings_in
from noukai_infra.settings.scale import Scale
from noukai_infra.settings.settings import DEFAULT_STACK, ERROR_TEXTS, LogRetention, Settings
from noukai_infra.settings.worker_kind import WorkerKind
from noukai_infra.settings.workers.network import FoundNetworks, Network, NewEndpoint, Placement
from noukai_infra.settings.workers.warmth import Warmth

__all__ = [
    "DEFAULT_STACK",
    "EDGE_REGION",
    "ERROR_TEXTS",
    "ROOT",
    "STAGE",
    "Company",
    "Cors",
    "Domain",
    "Edge",
    "FoundNetworks",
    "Identity",
    "LogRetention",
    "Network",
    "NewEndpoint",
    "Placement",
    "Scale",
    "Settings",
    "SettingsError",
    "Warmth",
    "WorkerKind",
    "complaints",
    "file_context",
    "overrides",
    "settings_in",
]
