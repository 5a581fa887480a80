/** The bodies of the API under short names, from the types that are generated from its document. */

import type { components } from "./api";

type Schemas = components["schemas"];

export type Job = Schemas["JobStatus"];
export type JobInput = Schemas["JobInput"];
export type JobList = Schemas["JobList"];
export type Event = Schemas["Event"];
export type LogLine = Schemas["LogLine"];
export type LogPage = Schemas["LogPage"];
export type Health = Schemas["HealthReport"];
export type WorkerHealth = Schemas["WorkerHealth"];
export type Flow = Schemas["FlowDescription"];
export type OrgLimits = Schemas["OrgLimits"];
export type Schedule = Schemas["Schedule"];
export type UsageReport = Schemas["UsageReport"];
export type Webhook = Schemas["Webhook"];
export type WebhookDelivery = Schemas["WebhookDelivery"];
