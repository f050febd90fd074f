"""A released package, opened for somebody who may have it."""

from dataclasses import dataclass

import structlog

from backend.crypto.gated import GatedPackage, gated
from backend.crypto.run_seals import OVERHEAD, RunPart, open_of_run
from backend.domain.account import Role
from backend.domain.errors import ContentMismatch, NotFound, PayloadTooLarge, RoleRequired
from backend.domain.generation import Dataset
from backend.domain.identifiers import AccountId, RunId
from backend.ports import Ports
from backend.use_cases.consent_records import account_of
from backend.use_cases.list_datasets import listed_dataset

READERS = (Role.RESEARCHER, Role.OPERATOR)


@dataclass(frozen=True)
class OpenDataset:
    account_id: AccountId
    run_id: RunId


def open_dataset(command: OpenDataset, *, ports: Ports) -> GatedPackage:
    """The package, for researchers and operators, when its certificate still lets it out.

    Until there is a market nothing is paid, and no licence is asked for.
    """
    if account_of(command.account_id, ports=ports).role not in READERS:
        raise RoleRequired("datasets are for researchers: sign up as one")
    with ports.database.read() as unit:
        dataset = listed_dataset(unit, command.run_id)
    package = opened_package(dataset, ports=ports)
    structlog.get_logger("datasets").info("dataset_opened", run=dataset.run_id)
    return package


def opened_package(dataset: Dataset, *, ports: Ports) -> GatedPackage:
    """The package of a listed dataset, held against its certificate; whoever it is opened for."""
    sealed_cid = dataset.certificate.sealed_package
    if sealed_cid is None:
        raise NotFound("this dataset has no package: list those that have one at /api/datasets")
    try:
        sealed = ports.content.get(sealed_cid, limit=dataset.package_size + OVERHEAD)
    except PayloadTooLarge as larger:
        raise ContentMismatch(
            f"the content store has more bytes for {sealed_cid} than were sealed: do not trust it"
        ) from larger
    key = ports.keys.open(dataset.package_key_id)
    package = open_of_run(sealed, RunPart.PACKAGE, key=key, run_id=dataset.run_id)
    return gated(package, dataset, ports.evaluator.address)
