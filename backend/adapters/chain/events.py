"""From a contract's log to the domain's past-tense fact."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

from backend.adapters.chain.abi import CONTRACT_NAMES, ContractName, Signature, events_by_topic
from backend.adapters.chain.answers import moment
from backend.adapters.chain.deployment import Deployment
from backend.adapters.chain.logs import Log
from backend.adapters.chain.words import WORD, OutOfRange
from backend.domain.chain_events import (
    ChainEvent,
    ConsentGranted,
    ConsentRevoked,
    ContributionErased,
    ContributionRegistered,
    Place,
    TokensMoved,
    UnreadableEvent,
)
from backend.domain.consent import Kind, Purpose, kinds_of_mask
from backend.domain.errors import InvalidField
from backend.domain.identifiers import ContentDigest, WalletAddress
from backend.domain.money import TokenAmount

EVENT_SCHEMA = 1

Values = Mapping[str, Any]


class Unreadable(Exception):
    """Why a log cannot be taken for what it claims to be."""


class EventReader:
    """Reads the logs of one or several deployments by the ABIs of their contracts."""

    def __init__(self, deployments: Sequence[Deployment]) -> None:
        self._contracts: dict[WalletAddress, ContractName] = {
            deployment.address(name): name for deployment in deployments for name in CONTRACT_NAMES
        }

    @property
    def addresses(self) -> list[WalletAddress]:
        return list(self._contracts)

    def read(self, logs: Iterable[Log]) -> Iterable[ChainEvent]:
        """An event for every log that says something of interest or cannot be read."""
        for log in logs:
            event = self._event(log)
            if event is not None:
                yield event

    def _event(self, log: Log) -> ChainEvent | None:
        try:
            signature = self._signature(log)
            build = _BUILDERS.get(signature.name)
            values = _values(signature, log)
            if values.get("schemaVersion", EVENT_SCHEMA) != EVENT_SCHEMA:
                raise Unreadable(
                    f"{signature.name} has schema version {values['schemaVersion']}, this release "
                    f"reads version {EVENT_SCHEMA}: upgrade the service"
                )
            return None if build is None else build(log.place, values)
        except (Unreadable, InvalidField, ValueError) as error:
            return UnreadableEvent(log.place, log.address, str(error))

    def _signature(self, log: Log) -> Signature:
        if not log.topics:
            raise Unreadable("an anonymous event, which none of the contracts has")
        found = self._topics[self._contracts[log.address]].get(log.topics[0])
        if found is None:
            raise Unreadable(f"an event unknown to this release, topic 0x{log.topics[0].hex()}")
        return found

    @cached_property
    def _topics(self) -> dict[ContractName, dict[bytes, Signature]]:
        return {name: events_by_topic(name) for name in CONTRACT_NAMES}


def _values(signature: Signature, log: Log) -> Values:
    """Every field of the event by name, indexed ones included."""
    if len(log.topics) != len(signature.indexed) + 1:
        raise Unreadable(f"{signature.name} with {len(log.topics)} topics")
    if len(log.data) != WORD * len(signature.plain):
        raise Unreadable(f"{signature.name} with {len(log.data)} bytes of data")
    data = [log.data[at : at + WORD] for at in range(0, len(log.data), WORD)]
    try:
        return {
            name: read(word)
            for (name, read), word in zip(
                signature.word_readers, (*log.topics[1:], *data), strict=True
            )
        }
    except OutOfRange as error:
        raise Unreadable(f"{signature.name} with a field out of its range") from error


def _consent_granted(place: Place, of: Values) -> ConsentGranted:
    return ConsentGranted(
        place=place,
        schema_version=of["schemaVersion"],
        contributor=of["contributor"],
        kinds=kinds_of_mask(of["kinds"]),
        purposes=Purpose(of["purposes"]),
        custodial=of["custodial"],
        expires_at=moment(of["expiresAt"]),
        nonce=of["nonce"],
    )


def _consent_revoked(place: Place, of: Values) -> ConsentRevoked:
    return ConsentRevoked(place, of["schemaVersion"], of["contributor"], of["nonce"])


def _contribution_registered(place: Place, of: Values) -> ContributionRegistered:
    return ContributionRegistered(
        place=place,
        schema_version=of["schemaVersion"],
        digest=ContentDigest(of["digest"], of["codec"]),
        contributor=of["contributor"],
        kind=Kind(of["kind"]),
        quality=of["quality"],
        reward=TokenAmount(of["reward"]),
    )


def _contribution_erased(place: Place, of: Values) -> ContributionErased:
    return ContributionErased(place, of["schemaVersion"], of["digest"], of["contributor"])


def _tokens_moved(place: Place, of: Values) -> TokensMoved:
    return TokensMoved(place, of["from"], of["to"], TokenAmount(of["value"]))


_BUILDERS: dict[str, Callable[[Place, Values], ChainEvent]] = {
    "ConsentGranted": _consent_granted,
    "ConsentRevoked": _consent_revoked,
    "ContributionRegistered": _contribution_registered,
    "ContributionErased": _contribution_erased,
    "Transfer": _tokens_moved,
}
"""The events about people and their records; the others are about running the contracts."""
