"""The optional stack of CloudFront and WAF before the API."""

from collections.abc import Iterator, Sequence

from aws_cdk import CfnOutput, CfnParameter, DefaultStackSynthesizer, Duration, Environment, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from noukai_functions.names import ORIGIN_HEADER
from noukai_infra.settings import EDGE_REGION, Edge
from noukai_infra.settings.addresses.edge import DISTRIBUTION_HOST, ORIGIN_HOST, ORIGIN_SECRET, edge_stack
from noukai_infra.stack.api.domain import add_alias
from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_wire.errors import ErrorCode

_ZONE_OF_CLOUDFRONT = "Z2FDTNDATAQYW2"
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-route53-recordset-aliastarget.html"""

_READ_SECONDS = 35
"""The time for the origin's answer: more than the gateway's own 30, so that its answer comes first."""

_ERRORS = (400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504)
"""The statuses that CloudFront keeps for ten seconds unless it is told otherwise, even if it caches nothing
else; one caller would get another one's 404.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
"""

_COUNTED = {
    # An input may be larger than 8 KB, and may hold any text, also one that looks like an attack.
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "EC2MetaDataSSRF_BODY",
        # Not every HTTP client names itself.
        "NoUserAgent_HEADER",
    ),
    "AWSManagedRulesKnownBadInputsRuleSet": ("JavaDeserializationRCE_BODY", "Log4JRCE_BODY"),
    "AWSManagedRulesAmazonIpReputationList": (),
}
"""The groups of rules, and the rules that only count.

https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html
"""

_TOO_MANY = "TooMany"


class EdgeStack(Stack):
    """A distribution that caches nothing, behind a firewall, before the API of another stack.

    Web ACLs of CloudFront exist in one region only, so it has its own stack there. The origin and its secret
    are parameters, since many may read a template.
    """

    def __init__(self, scope: Construct, *, name: str, edge: Edge) -> None:
        super().__init__(
            scope,
            edge_stack(name),
            env=Environment(region=EDGE_REGION),
            synthesizer=DefaultStackSynthesizer(generate_bootstrap_version_rule=False),
        )
        host = CfnParameter(self, ORIGIN_HOST, description="The gateway's own name for the API")
        secret = CfnParameter(
            self, ORIGIN_SECRET, no_echo=True, description="What shows that a request came by CloudFront"
        )
        origin = origins.HttpOrigin(
            host.value_as_string,
            custom_headers={ORIGIN_HEADER: secret.value_as_string},
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
            read_timeout=Duration.seconds(_READ_SECONDS),
        )
        self._distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"The API of the stack {name}",
            domain_names=[edge.name],
            certificate=acm.Certificate.from_certificate_arn(self, "Certificate", edge.certificate),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            web_acl_id=_web_acl(self, edge).attr_arn,
            error_responses=[
                cloudfront.ErrorResponse(http_status=status, ttl=Duration.seconds(0)) for status in _ERRORS
            ],
            default_behavior=_everything(origin),
        )
        acknowledge(self._distribution, "CFR1", "callers are wherever the operator's users are")
        acknowledge(self._distribution, "CFR3", "the functions log failures; a log of requests costs extra")
        CfnOutput(self, DISTRIBUTION_HOST, value=self._distribution.distribution_domain_name)
        if edge.zone:
            self._add_records(edge.name, edge.zone)

    def _add_records(self, name: str, zone: str) -> None:
        target = route53.CfnRecordSet.AliasTargetProperty(
            dns_name=self._distribution.distribution_domain_name, hosted_zone_id=_ZONE_OF_CLOUDFRONT
        )
        for kind in ("A", "AAAA"):
            add_alias(self, kind, name=name, zone=zone, target=target)


def _everything(origin: cloudfront.IOrigin) -> cloudfront.BehaviorOptions:
    """Return the only behavior: each request is passed on whole, but for the host, which is the gateway's."""
    return cloudfront.BehaviorOptions(
        origin=origin,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        # Not redirected: the key would have been sent in clear by then.
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        # The functions compress their answers themselves.
        compress=False,
    )


def _web_acl(scope: Construct, edge: Edge) -> waf.CfnWebACL:
    message = f"Too many requests from your address: at most {edge.requests_per_5_minutes} in 5 minutes."
    return waf.CfnWebACL(
        scope,
        "Firewall",
        scope="CLOUDFRONT",
        default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_visible("Firewall"),
        rules=[_rate_rule(edge.requests_per_5_minutes), *_managed_rules()],
        custom_response_bodies={
            _TOO_MANY: waf.CfnWebACL.CustomResponseBodyProperty(
                content_type="APPLICATION_JSON",
                content=Stack.of(scope).to_json_string(
                    {"detail": {"code": ErrorCode.RATE_LIMITED.value, "message": message}}
                ),
            )
        },
    )


def _rate_rule(limit: int) -> waf.CfnWebACL.RuleProperty:
    answer = waf.CfnWebACL.CustomResponseProperty(
        response_code=int(ErrorCode.RATE_LIMITED.status),
        custom_response_body_key=_TOO_MANY,
        response_headers=[waf.CfnWebACL.CustomHTTPHeaderProperty(name="Retry-After", value="60")],
    )
    return waf.CfnWebACL.RuleProperty(
        name="Rate",
        priority=0,
        action=waf.CfnWebACL.RuleActionProperty(
            block=waf.CfnWebACL.BlockActionProperty(custom_response=answer)
        ),
        statement=waf.CfnWebACL.StatementProperty(
            rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
                aggregate_key_type="IP", limit=limit, evaluation_window_sec=300
            )
        ),
        visibility_config=_visible("Rate"),
    )


def _managed_rules() -> Iterator[waf.CfnWebACL.RuleProperty]:
    for priority, (group, counted) in enumerate(_COUNTED.items(), start=1):
        yield waf.CfnWebACL.RuleProperty(
            name=group,
            priority=priority,
            override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
            statement=waf.CfnWebACL.StatementProperty(
                managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                    vendor_name="AWS", name=group, rule_action_overrides=_counting(counted)
                )
            ),
            visibility_config=_visible(group),
        )


def _counting(rules: Sequence[str]) -> list[waf.CfnWebACL.RuleActionOverrideProperty] | None:
    action = waf.CfnWebACL.RuleActionProperty(count={})
    return [
        waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=action) for rule in rules
    ] or None


def _visible(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
