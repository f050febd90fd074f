"""Reads the deployment file as strictly as it is written: no other field, no other form."""

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any

from backend.crypto.wallets import checksum_address
from backend.domain.consent import Kind
from backend.domain.deployment import ContractName, DeployedContract, Deployment, Terms
from backend.domain.errors import InvalidField
from backend.domain.evidence import Address
from backend.domain.identifiers import WalletAddress

SCHEMA = 1

_FIELDS = "schema chainId deployer contracts recorder operator rates dailyCap epochCap epochLength"

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-f]{64}")
_UNITS = re.compile(r"0|[1-9][0-9]{0,19}")


def read_deployment(content: bytes) -> Deployment:
    """The deployment, or `InvalidField` naming the first field that is not as it must be."""
    try:
        whole = json.loads(content, object_pairs_hook=_without_repeats)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise _fault("deployment", f"the file is not JSON ({error})") from error
    fields = _object(whole, "deployment", _FIELDS, optional=("evaluator",))
    if fields["schema"] != SCHEMA:
        raise _fault("schema", f"this release reads deployment files of schema {SCHEMA}")
    contracts = _object(fields["contracts"], "contracts", " ".join(ContractName))
    kinds = [kind.name.lower() for kind in Kind]
    rates = _object(fields["rates"], "rates", " ".join(kinds))
    return Deployment(
        chain_id=_number(fields, "chainId"),
        deployer=_address(fields, "deployer"),
        contracts={name: _contract(contracts[name], name) for name in ContractName},
        recorder=_address(fields, "recorder"),
        terms=Terms(
            operator=_address(fields, "operator"),
            rates=tuple(_units(rates, kind) for kind in kinds),
            daily_cap=_units(fields, "dailyCap"),
            epoch_cap=_units(fields, "epochCap"),
            epoch_length=_number(fields, "epochLength"),
        ),
        sha256=hashlib.sha256(content).digest(),
        evaluator=_address(fields, "evaluator") if "evaluator" in fields else None,
    )


def _contract(value: Any, name: str) -> DeployedContract:
    fields = _object(value, name, "address transaction block")
    if not isinstance(fields["transaction"], str) or not _HASH.fullmatch(fields["transaction"]):
        raise _fault("transaction", f"of {name} is 0x and 64 lower-case hexadecimal digits")
    return DeployedContract(
        address=_address(fields, "address"),
        transaction=bytes.fromhex(fields["transaction"][2:]),
        block=_number(fields, "block"),
    )


def _object(value: Any, name: str, keys: str, *, optional: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() - set(optional) != set(keys.split()):
        raise _fault(name, f"has exactly the fields {', '.join(keys.split())}")
    return value


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields[name]
    if type(value) is not int or not 0 <= value < 2**64:
        raise _fault(name, "is a whole number")
    return value


def _units(fields: dict[str, Any], name: str) -> int:
    value = fields[name]
    if not isinstance(value, str) or not _UNITS.fullmatch(value):
        raise _fault(name, "is base units as digits in quotes")
    return int(value)


def _address(fields: dict[str, Any], name: str) -> Address:
    value = fields[name]
    if (
        not isinstance(value, str)
        or not _ADDRESS.fullmatch(value)
        or value != checksum_address(WalletAddress(value))
    ):
        raise _fault(name, "is an address with its EIP-55 checksum, as scripts/deploy.py writes it")
    return bytes.fromhex(value[2:])


def _without_repeats(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _fault(name, "stands twice in the same object")
        found[name] = value
    return found


def _fault(field: str, message: str) -> InvalidField:
    return InvalidField(
        field, f"deployment file: {field} {message}: take the file from its publisher again"
    )
