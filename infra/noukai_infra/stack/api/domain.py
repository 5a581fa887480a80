"""The API's own name: its certificate, its records, and what it is mapped to."""

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from constructs import Construct

from noukai_infra.settings import Domain

TARGET = "DomainTarget"
"""The output with the name that a CNAME record of foreign DNS points to."""


class ApiDomain(Construct):
    """A regional name with TLS 1.2, unless it exists already, that leads to the API.

    `found` is the certificate that the deploy has requested, if the settings name none.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        domain: Domain,
        found: str | None,
        api: apigateway.HttpApi,
        stage: apigateway.HttpStage,
    ) -> None:
        super().__init__(scope, name)
        mapping = apigateway.CfnApiMapping(
            self,
            "Mapping",
            api_id=api.api_id,
            domain_name=domain.name,
            stage=stage.stage_name,
            api_mapping_key=domain.path,
        )
        mapping.node.add_dependency(stage)
        if not domain.existing:
            mapping.add_resource_dependency(self._made(domain, domain.certificate or found))

    def _made(self, domain: Domain, certificate: str | None) -> apigateway.CfnDomainName:
        made = apigateway.CfnDomainName(
            self,
            "Name",
            domain_name=domain.name,
            domain_name_configurations=[
                apigateway.CfnDomainName.DomainNameConfigurationProperty(
                    certificate_arn=certificate or self._certificate(domain),
                    endpoint_type="REGIONAL",
                    security_policy="TLS_1_2",
                )
            ],
        )
        target = made.attr_regional_domain_name
        if domain.zone:
            for kind in ("A", "AAAA"):
                alias = route53.CfnRecordSet.AliasTargetProperty(
                    dns_name=target, hosted_zone_id=made.attr_regional_hosted_zone_id
                )
                add_alias(self, kind, name=domain.name, zone=domain.zone, target=alias)
        else:
            CfnOutput(Stack.of(self), TARGET, value=target)
        return made

    def _certificate(self, domain: Domain) -> str:
        """Make a certificate that the zone validates; without a zone, the deploy requests it before."""
        made = acm.CfnCertificate(
            self,
            "Certificate",
            domain_name=domain.name,
            validation_method="DNS",
            domain_validation_options=[
                acm.CfnCertificate.DomainValidationOptionProperty(
                    domain_name=domain.name, hosted_zone_id=domain.zone
                )
            ],
        )
        return made.ref


def add_alias(
    scope: Construct, kind: str, *, name: str, zone: str, target: route53.CfnRecordSet.AliasTargetProperty
) -> None:
    """Add an alias record of a kind, which costs nothing to ask for."""
    route53.CfnRecordSet(scope, kind, name=name, type=kind, hosted_zone_id=zone, alias_target=target)
