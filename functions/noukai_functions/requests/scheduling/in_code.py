"""The schedules, made to agree with what is deployed: the flows that declare some, and the zones' rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from noukai_functions.catalog.entries import Catalog
from noukai_functions.requests.scheduling.changes import Changes
from noukai_functions.requests.scheduling.definition import Defined, defined
from noukai_functions.schedules.deployed import Deployed, DeployedFlows
from noukai_functions.schedules.schedule import Definition
from noukai_functions.schedules.table import SchedulesTable
from noukai_functions.schedules.zones import rules_version
from noukai_functions.telemetry.logger import logger

_ALWAYS = 253_402_300_800_000
"""A time after every instant, in milliseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class SchedulesInCode:
    """The schedules in code of the org that the setting `schedule_org` names; None without the setting.

    Their rows hold where they stand. A tick of another version of the flows changes what that version
    declares otherwise, and nothing else: a deployment is never halfway between two versions.
    """

    schedules: SchedulesTable
    deployed: Deployed
    changes: Changes
    catalog: Catalog
    org: str | None

    def agree(self) -> None:
        """Make the rows agree with the catalog, if they follow another version or org."""
        seen = self.deployed.read()
        wanted = DeployedFlows(self.catalog.version, self.org, rules_version())
        if seen == wanted:
            return
        if seen and seen.rules != wanted.rules:
            self._follow_rules()
        declared = self._declared()
        if declared and self.org is None:
            # Once for each deployment: to run them for any org would be worse.
            logger().warning("flows declare schedules that no org has", extra={"schedules": len(declared)})
            declared = {}
        for org in {org for org in (seen and seen.org, self.org) if org}:
            self._delete_others(org, declared if org == self.org else {})
        for name, each in declared.items():
            self.changes.put(self.org or "", name, each, "")
        self.deployed.write(wanted)

    def _follow_rules(self) -> None:
        """Set the next instants anew: by other rules they may come earlier than they are looked for."""
        for org, name in self.schedules.due(_ALWAYS):
            self.changes.follow_rules(org, name)

    def _delete_others(self, org: str, declared: Mapping[str, Defined]) -> None:
        for each in self.schedules.of_org(org):
            if each.in_code and each.name not in declared:
                self.changes.delete(org, each.name)

    def _declared(self) -> dict[str, Defined]:
        return {
            name_in_code(flow): defined(Definition(flow, entry.cron, entry.zone, entry.overlap, entry.missed))
            for flow, entry in self.catalog.flows.items()
            if entry.cron is not None
        }


def name_in_code(flow: str) -> str:
    """Return the name of a flow's schedule in code, which no schedule of the API can have."""
    return flow.replace("/", ".")
