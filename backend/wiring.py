"""Settings → Ports: the only file that chooses adapters."""

import logging
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from backend.adapters.clock import SystemClock
from backend.adapters.content_store.kubo import KuboContentStore
from backend.adapters.database import schema
from backend.adapters.database.unit_of_work import SqlDatabase, open_database
from backend.adapters.generators.cohort import MlCohortGenerators
from backend.adapters.guidance.guide import MlGuide
from backend.adapters.keys.evaluator import FileEvaluator, create_key
from backend.adapters.keys.file_keyring import FileKeyring, create_keyring_and_master
from backend.adapters.keys.file_keyring import create_keyring as create_only_the_keyring
from backend.adapters.keys.master_keys import (
    FolderMasterKeys,
    InsecureDevelopmentMasterKeys,
    MasterKeys,
    SecretMasterKeys,
)
from backend.adapters.models.glucose import MlGlucoseModels
from backend.adapters.plots.glucose import MatplotlibPlots
from backend.adapters.records.reader import MlRecordReader
from backend.domain.errors import ChainUnavailable, MisconfiguredService
from backend.domain.identifiers import WalletAddress
from backend.ports import Ports
from backend.ports.keys import Keyring
from backend.ports.models import GlucoseModels
from backend.ports.records import RecordReader
from backend.settings import Settings


@contextmanager
def connect(settings: Settings) -> Iterator[Ports]:
    """Everything the settings name, checked, and closed again afterwards."""
    from backend.adapters.chain.deployment import read_deployment
    from backend.adapters.chain.ethereum_chain import EthereumChain
    from backend.adapters.chain.history import EthereumHistory
    from backend.adapters.chain.node import Node

    clock = SystemClock()
    deployment = read_deployment(settings.deployment_file)
    node = Node(settings.rpc_url, limit_s=settings.chain_timeout_s)
    chain = EthereumChain(deployment, node, relayer_key(settings), clock)
    try:
        chain.check()
    except ChainUnavailable as error:  # not ready is not misconfigured: /readyz says which
        structlog.get_logger("wiring").warning("contracts_not_checked", reason=error.message)
    with database(settings) as opened:
        yield Ports(
            clock=clock,
            random_bytes=os.urandom,
            database=opened,
            keys=keyring(settings),
            content=KuboContentStore(settings.ipfs_api_url, timeout_s=settings.content_timeout_s),
            chain=chain,
            history=EthereumHistory([deployment], node),
            records=record_reader(),
            models=glucose_models(settings),
            plots=MatplotlibPlots(),
            guide=MlGuide(),
            generators=MlCohortGenerators(threads=settings.training_threads),
            evaluator=FileEvaluator(settings.evaluator_key_file, named=deployment.evaluator),
            policy=settings.policy(),
        )


@contextmanager
def database(settings: Settings) -> Iterator[SqlDatabase]:
    """The database alone, for commands that need nothing else."""
    opened = open_database(settings.database_url)
    try:
        yield opened
    finally:
        opened.close()


def migrate(settings: Settings) -> None:
    """Bring the database to this release's schema."""
    schema.upgrade(settings.database_url)


def keyring(settings: Settings) -> Keyring:
    """The keyring that the settings name."""
    return FileKeyring(settings.keyring_folder, _master_keys(settings))


def _master_keys(settings: Settings) -> MasterKeys:
    if settings.master_secrets is not None:
        return SecretMasterKeys(_secrets(settings.master_secrets.get_secret_value()))
    if settings.insecure_development_keys:
        return InsecureDevelopmentMasterKeys(settings.master_key_folder)
    return FolderMasterKeys(settings.master_key_folder)


def _secrets(text: str) -> list[bytes]:
    try:
        return [bytes.fromhex(one) for one in text.split(",")]
    except ValueError as error:
        raise MisconfiguredService(
            ("VITALMINT_MASTER_SECRETS: 64 hexadecimal digits are wanted, commas between",)
        ) from error


def create_keyring(settings: Settings) -> None:
    """Make keyring and first master key where neither is; safe to repeat."""
    if settings.master_secrets is not None:
        create_only_the_keyring(settings.keyring_folder)
    else:
        create_keyring_and_master(settings.keyring_folder, settings.master_key_folder)


def create_evaluator(settings: Settings) -> WalletAddress:
    """Make the evaluator's key where there is none; whose signature certificates carry."""
    return create_key(settings.evaluator_key_file)


def record_reader() -> RecordReader:
    """The readers of every kind."""
    return MlRecordReader()


def glucose_models(settings: Settings) -> GlucoseModels:
    """What trains and answers for one person; loads nothing heavy before it is used."""
    return MlGlucoseModels(
        settings.training_setting,
        threads=settings.training_threads,
        base_forecaster=settings.base_forecaster,
    )


def relayer_key(settings: Settings) -> bytes:
    """The recorder's private key from its file, which nobody else may read."""
    file: Path = settings.relayer_key_file
    name = "VITALMINT_RELAYER_KEY_FILE"
    if not file.is_file():
        raise MisconfiguredService((f"{name}: there is no file at {file}",))
    if file.stat().st_mode & 0o077:
        raise MisconfiguredService((f"{name}: others may read {file}: chmod 600 it",))
    try:
        return bytes.fromhex(file.read_text().strip().removeprefix("0x"))
    except ValueError as error:
        raise MisconfiguredService((f"{name}: {file} holds no hexadecimal key",)) from error


def leave_no_core_dumps() -> None:
    """A crash of this process writes none of its memory, readings and keys, to a disk."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def configure_logging(settings: Settings) -> None:
    """JSON lines on standard error, from the level that the settings name."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
