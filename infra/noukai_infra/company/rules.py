"""The rules of a company for a composed stack."""

from aws_cdk import DefaultStackSynthesizer, Stack, Tags

from noukai_infra.company.encryption import encrypt
from noukai_infra.company.roles import rule_roles
from noukai_infra.settings import Company, Settings
from noukai_infra.settings.company import DEFAULT_QUALIFIER


def synthesizer_for(company: Company) -> DefaultStackSynthesizer:
    """Return the synthesizer for the company's bootstrap."""
    # The CDK command checks the bootstrap version itself. The rule in the template would only prevent
    # creating the stack without that command.
    return DefaultStackSynthesizer(
        generate_bootstrap_version_rule=False,
        qualifier=None if company.qualifier == DEFAULT_QUALIFIER else company.qualifier,
        deploy_role_arn=company.deploy_role,
        cloud_formation_execution_role=company.cloudformation_execution_role,
        file_asset_publishing_role_arn=company.publishing_role,
        file_assets_bucket_name=company.assets_bucket,
        image_asset_publishing_role_arn=company.image_publishing_role,
        image_assets_repository_name=company.images_repository,
    )


def apply_rules(stack: Stack, settings: Settings) -> None:
    """Set the company's rules for everything in a stack, once it is composed."""
    company = settings.company
    if settings.protect:
        stack.termination_protection = True
    rule_roles(stack, company)
    if company.kms_key is not None:
        encrypt(stack, company.kms_key)
    for name, value in company.tags.items():
        Tags.of(stack).add(name, value)
