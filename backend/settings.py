"""Everything that can be configured, read once from the environment, all faults together.

The audit has its own class: it knows no database and no secret.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from backend.domain.errors import MisconfiguredService
from backend.domain.policy import Policy
from backend.http.config import HttpConfig

PREFIX = "VITALMINT_"
OF_OTHER_TOOLS = frozenset({"VITALMINT_SHARED_DATA", "VITALMINT_DEPLOYER_KEY"})
"""Variables of the same prefix that the tests and the deployment script read."""

ENVIRONMENT_FILE = ".run/vitalmint.env"
"""Written by `make run`, so that `vitalmint …` finds what is left up; variables overrule it."""

Positive = Annotated[int, Field(gt=0)]


class Settings(BaseSettings):
    """The service's settings; each is an environment variable of the same name, VITALMINT_…"""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENVIRONMENT_FILE, frozen=True, extra="ignore"
    )

    database_url: str = "sqlite:///.run/vitalmint.db"
    keyring_folder: Path = Path(".run/keyring")
    master_key_folder: Path = Path(".run/master-keys")
    master_secrets: SecretStr | None = None
    """Master keys from a secret store instead of the folder: 64 hexadecimal digits each, the
    present one first, with commas between."""
    insecure_development_keys: bool = False
    """Let the master keys lie beside the keyring, where one copy takes both."""
    rpc_url: str = "http://127.0.0.1:8545"
    ipfs_api_url: str = "http://127.0.0.1:5001"
    deployment_file: Path = Path(".run/deployment.json")
    relayer_key_file: Path = Path(".run/relayer.key")
    evaluator_key_file: Path = Path(".run/evaluator.key")
    """Signs certificates of releases; made with `vitalmint keys evaluator`."""
    chain_timeout_s: Annotated[float, Field(gt=0)] = 20.0
    content_timeout_s: Annotated[float, Field(gt=0)] = 60.0

    training_setting: Literal["quick", "full"] = "full"
    """How thoroughly a person's model is trained: seconds, or two to three minutes of a core."""
    training_threads: Positive = 1
    """Cores that one training takes."""
    training_tick_s: Annotated[float, Field(gt=0)] = 5.0
    """How often at most a training writes how far it is, and asks whether its consent holds."""
    unfinished_runs: Positive = 20
    """Generation runs that may be queued or running at a time; each takes minutes to hours."""
    base_forecaster: Path | None = None
    """Folder of the forecaster that trainings start from, instead of the one that ships."""

    public_url: str = "http://127.0.0.1:8000"
    cookie_secure: bool = True
    """Off only where the service is reached over plain http, as on one's own machine."""
    login_rate: str = "10/minute"
    client_rate: str = "60/minute"
    upload_rate: str = "120/minute"
    consent_rate: str = "10/hour"
    training_rate: str = "10/day"
    figures_rate: str = "60/minute"
    run_rate: str = "30/hour"
    browse_rate: str = "120/minute"
    download_rate: str = "60/hour"
    rate_storage: str = "memory://"
    concurrent_uploads: Positive = 4
    concurrent_hashes: Positive = 4
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    upload_limit: Positive = 64 * 1024 * 1024
    reservation_lease_s: Positive = 300
    session_lifetime_s: Positive = 12 * 3600
    confirmation_depth: Positive = 2
    stuck_after_s: Positive = 60
    low_balance_wei: Positive = 10**17
    job_lease_s: Positive = 60
    job_attempts: Annotated[int, Field(gt=Policy.training_attempts)] = 20
    """More than a training's own, whose end is then written before its job is buried."""
    keyring_backup_days: Annotated[int, Field(ge=0, le=30)] = 30

    def policy(self) -> Policy:
        """The numbers that the use cases see."""
        return Policy(
            upload_limit=self.upload_limit,
            reservation_lease_s=self.reservation_lease_s,
            session_lifetime_s=self.session_lifetime_s,
            confirmation_depth=self.confirmation_depth,
            stuck_after_s=self.stuck_after_s,
            low_balance_wei=self.low_balance_wei,
            job_lease_s=self.job_lease_s,
            job_attempts=self.job_attempts,
            keyring_backup_days=self.keyring_backup_days,
            training_tick_s=self.training_tick_s,
            unfinished_runs=self.unfinished_runs,
        )

    def http(self) -> HttpConfig:
        """What the web layer sees."""
        return HttpConfig(
            public_url=self.public_url,
            cookie_secure=self.cookie_secure,
            login_rate=self.login_rate,
            client_rate=self.client_rate,
            upload_rate=self.upload_rate,
            consent_rate=self.consent_rate,
            training_rate=self.training_rate,
            figures_rate=self.figures_rate,
            run_rate=self.run_rate,
            browse_rate=self.browse_rate,
            download_rate=self.download_rate,
            rate_storage=self.rate_storage,
            concurrent_uploads=self.concurrent_uploads,
            concurrent_hashes=self.concurrent_hashes,
        )


class AuditInputs(BaseSettings):
    """Where an audit looks unless it is told: the same three variables, and nothing secret."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENVIRONMENT_FILE, frozen=True, extra="ignore"
    )

    rpc_url: str = ""
    ipfs_api_url: str = ""
    deployment_file: Path | None = None


def read_settings(**given: Any) -> Settings:
    """The settings, `given` before the environment, or `MisconfiguredService` with every fault."""
    faults = _unknown_variables(os.environ)
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise MisconfiguredService((*faults, *faults_of(error))) from error
    if faults:
        raise MisconfiguredService(faults)
    return settings


def faults_of(error: ValidationError) -> tuple[str, ...]:
    """One line a fault, naming the variable and what it needs, never its value."""
    return tuple(
        f"{PREFIX}{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}"
        for fault in error.errors(include_input=False, include_url=False)
    )


def _unknown_variables(environment: Mapping[str, str]) -> tuple[str, ...]:
    """A misspelt setting would otherwise be a default that nobody wanted."""
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | OF_OTHER_TOOLS
    return tuple(
        f"{name}: there is no such setting; `vitalmint settings` lists them all"
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known
    )
