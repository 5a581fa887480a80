"""The HTTP API: its routes, and the functions that answer them."""

from aws_cdk import Fn, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_integrations import HttpLambdaIntegration
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.settings.addresses.edge import ORIGIN_DIGESTS, ORIGIN_HOST
from noukai_infra.settings.conflicts import OF_API
from noukai_infra.stack.api.answerers import ANSWERERS, Answerer
from noukai_infra.stack.api.cors import api_cors
from noukai_infra.stack.api.domain import ApiDomain
from noukai_infra.stack.api.identity import IDENTITY, add_authorizer, is_authorized
from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.audit_log import audit_log
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.rights.row_rights import counting_calls, noting_uses, reading_budgets
from noukai_infra.stack.base.secret_parameter import SecretParameter
from noukai_infra.stack.base.warming import warm_functions
from noukai_infra.stack.delayed_messages import DelayedMessages
from noukai_infra.stack.metering import prices
from noukai_infra.stack.queues import JobQueues
from noukai_infra.stack.storage.payloads import BUCKET_VARIABLE, Payloads
from noukai_infra.stack.storage.tables import Tables
from noukai_infra.stack.webhooks.storage import WebhookStorage, naming_endpoints
from noukai_wire.routes import BASE_PATH, DEFAULT_ROUTE

_TIMEOUT = 29
"""In seconds, below the gateway's timeout of 30 seconds, so that the function's answer comes first."""


_MAKING_KEYS = ("dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
_FALLBACK = "describe"
_STAGE = "$default"


class Api(Construct):
    """An HTTP API with the contract's routes, a function per kind of route, and a default route.

    A held request occupies a function for seconds. So `wait` and `execute` have their own functions, whose
    concurrency can be limited.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        tables: Tables,
        queues: JobQueues,
        delayed_messages: DelayedMessages,
        payloads: Payloads,
        webhooks: WebhookStorage,
        authorizer_code: lambda_.Code | None = None,
    ) -> None:
        super().__init__(scope, name)
        self._settings, self._code = settings, code
        self._token_keys = SecretParameter.of(settings, "tokens")
        self._tables = tables
        self._queues = queues
        self._delayed_messages = delayed_messages
        self._payloads = payloads
        self._webhooks = webhooks
        self._api = self._http_api(settings)
        self._authorizer = (
            add_authorizer(self, settings.identity, settings, authorizer_code)
            if settings.identity and authorizer_code
            else None
        )
        self.audit_log = audit_log(self, settings)
        self._warm = warm_functions(settings.warm, [answerer.entry for answerer in ANSWERERS])
        self.functions = {answerer.entry: self._add(answerer) for answerer in ANSWERERS}
        acknowledge(self, "APIG1", "access logs cost a seventh of a request; functions log failures")
        acknowledge(
            self,
            "APIG4",
            "the functions check each caller's key; an authorizer would be another function to pay",
        )

    @property
    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs about the API: the base URL of every route, and the audit log."""
        named = self._settings.domain or self._settings.edge
        endpoint = named.url if named else f"{self._api.api_endpoint}{BASE_PATH}"
        outputs = {
            "Endpoint": endpoint,
            "AuditLogGroup": self.audit_log.log_group_name,
            "TokensSecret": self._token_keys.name,
        }
        if self._settings.edge:
            outputs[ORIGIN_HOST] = Fn.select(2, Fn.split("/", self._api.api_endpoint))
        return outputs

    @property
    def api_id(self) -> str:
        """Return the gateway's id of the API."""
        return self._api.api_id

    def _http_api(self, settings: Settings) -> apigateway.HttpApi:
        """Make the gateway's API with its stage, and with its own name if it has one."""
        domain = settings.domain
        api = apigateway.HttpApi(
            self,
            "Http",
            api_name=settings.stack,
            create_default_stage=False,
            cors_preflight=api_cors(settings.cors),
            disable_execute_api_endpoint=True if domain and not domain.default_endpoint else None,
        )
        stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=api,
            stage_name=_STAGE,
            auto_deploy=True,
            throttle=apigateway.ThrottleSettings(
                rate_limit=settings.throttle_rate, burst_limit=settings.throttle_burst
            ),
        )
        if domain:
            found = settings.domain_certificate
            ApiDomain(self, "Domain", domain=domain, found=found, api=api, stage=stage)
        return api

    def _add(self, answerer: Answerer) -> JobFunction:
        function = self._function(answerer)
        integration = HttpLambdaIntegration(answerer.entry, function.live, scope_permission_to_route=False)
        keys = [key for route in answerer.routes for key in route.keys]
        if answerer.entry == _FALLBACK:
            keys.append(DEFAULT_ROUTE)
            self._let_the_default_route_invoke(function.live)
        for key in keys:
            apigateway.HttpRoute(
                self,
                key,
                http_api=self._api,
                integration=integration,
                route_key=_route_key(key),
                authorizer=self._authorizer if is_authorized(key) else None,
            )
        return function

    def _let_the_default_route_invoke(self, function: lambda_.IFunction) -> None:
        """Allow the default route to invoke the function.

        The integration's own permission, `{api}/*/*/*`, does not match: the default route has neither a
        method nor a path, and invokes as `{api}/{stage}/$default`.
        """
        api = Stack.of(self).format_arn(
            service="execute-api", resource=self._api.api_id, resource_name=f"{_STAGE}/{DEFAULT_ROUTE}"
        )
        gateway = iam.ServicePrincipal("apigateway.amazonaws.com")
        function.add_permission("DefaultRoute", principal=gateway, source_arn=api, scope=self)

    def _function(self, answerer: Answerer) -> JobFunction:
        settings = self._settings
        tables = self._tables
        environment = {"KEYS_TABLE": tables.keys.table_name, "USAGE_TABLE": tables.usage.table_name}
        if answerer.job_actions:
            environment["JOBS_TABLE"] = tables.jobs.table_name
        if answerer.sends:
            environment |= self._queues.environment
        if answerer.reports_use:
            environment |= prices(settings)
        if settings.edge and settings.origin_digests:
            environment[ORIGIN_DIGESTS] = " ".join(settings.origin_digests)
        if settings.identity:
            environment[IDENTITY] = "on"
        is_audited = answerer.is_audited or (answerer.submits and settings.audit_submissions)
        if is_audited:
            environment["AUDIT"] = "on"
        reserved = {
            "wait": settings.wait_reserved_concurrency,
            "execute": settings.execute_reserved_concurrency,
        }
        function = JobFunction(
            self,
            answerer.entry.title().replace("_", ""),
            entry=answerer.entry,
            code=self._code,
            settings=settings,
            memory=settings.wait_memory if answerer.holds else settings.memory,
            timeout=_TIMEOUT,
            environment=environment,
            reserved_concurrency=reserved.get(answerer.entry),
            log_group=self.audit_log if is_audited else None,
            warm=self._warm.get(answerer.entry),
            snap_start=settings.api_snap_start and answerer.entry in OF_API,
        )
        self._allow(function, answerer)
        if settings.console and answerer.entry == _FALLBACK:
            self._serve_console(function)
        return function

    def _serve_console(self, function: JobFunction) -> None:
        """Let the console's page load and store objects of the bucket by presigned URLs."""
        function.add_environment(BUCKET_VARIABLE, self._payloads.bucket_name)
        # The local system chooses its port after the template is made.
        local = ["http://localhost:*"] if self._settings.console_from_localhost else []
        domain, edge = self._settings.domain, self._settings.edge
        named = [f"https://{each.name}" for each in (domain, edge) if each]
        if domain is None or domain.default_endpoint:
            named.insert(0, self._api.api_endpoint)
        self._payloads.let_pages_of(*named, *local)

    def _allow(self, function: JobFunction, answerer: Answerer) -> None:
        tables = self._tables
        tables.keys.grant(function, "dynamodb:GetItem", *(_MAKING_KEYS if answerer.makes_keys else ()))
        function.add_to_role_policy(noting_uses(tables.keys))
        function.add_to_role_policy(counting_calls(tables.usage))
        self._token_keys.let_know(function, "TOKENS_SECRET", may_create=answerer.makes_tokens)
        if answerer.job_actions:
            tables.allow_jobs(function, *answerer.job_actions, lists=answerer.lists)
        if answerer.submits:
            tables.spread_jobs(function)
            function.add_to_role_policy(reading_budgets(tables.usage))
        if answerer.reports_use:
            tables.usage.grant(function, "dynamodb:Query")
            function.add_to_role_policy(reading_budgets(tables.usage))
        if answerer.keeps_schedules:
            tables.allow_schedules(function)
        if answerer.payload_actions:
            self._payloads.let(function, *answerer.payload_actions)
        if answerer.sends:
            self._queues.let_send(function)
        self._allow_delayed_messages(function, answerer)
        if answerer.hooks:
            self._allow_webhooks(function, shows_secrets=answerer.hook_secrets)

    def _allow_delayed_messages(self, function: JobFunction, answerer: Answerer) -> None:
        if answerer.delays_messages:
            self._delayed_messages.let_create(function)
        if answerer.reads_delayed:
            self._delayed_messages.let_read(function)
        if answerer.withdraws:
            self._delayed_messages.let_withdraw(function)

    def _allow_webhooks(self, function: JobFunction, *, shows_secrets: bool) -> None:
        function.add_to_role_policy(naming_endpoints(self._tables.usage))
        if shows_secrets:
            self._webhooks.let_table(
                function,
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            )
            self._webhooks.let_know_secret(function, may_create=True)
            if self._settings.webhooks_to_localhost:
                function.add_environment("WEBHOOKS_TO_LOCALHOST", "true")
            return
        self._webhooks.let_table(
            function, "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem"
        )
        self._webhooks.let_send(function)


def _route_key(key: str) -> apigateway.HttpRouteKey:
    if key == DEFAULT_ROUTE:
        return apigateway.HttpRouteKey.DEFAULT
    method, path = key.split(" ", 1)
    return apigateway.HttpRouteKey.with_(path, apigateway.HttpMethod[method])
