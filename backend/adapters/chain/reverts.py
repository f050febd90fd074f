"""Each error of the contracts as a domain error: what happened, to what, and what to do."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from backend.adapters.chain.abi import Signature, errors_by_selector
from backend.adapters.chain.answers import moment
from backend.adapters.chain.node import NodeRefused
from backend.domain.consent import Kind
from backend.domain.errors import (
    AlreadyErasedOnChain,
    AlreadyRegistered,
    ChainRejected,
    ConsentDeadlinePassed,
    ConsentNonceMismatch,
    ConsentNotInForceOnChain,
    ConsentRefused,
    ConsentSignerMismatch,
    DailyCapReached,
    EpochCapReached,
    NotRegisteredOnChain,
    RecorderRefused,
    RegistryPaused,
)
from backend.domain.money import ONE_TOKEN

Refusal = ChainRejected | ConsentRefused
Arguments = Mapping[str, Any]

ERROR_WITH_TEXT = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


class RevertReader:
    """Decodes what a revert carries, by the selectors of the contracts' own ABIs."""

    def refusal(self, data: bytes) -> Refusal:
        """The domain error for a revert's data."""
        signature = self._known.get(data[:4])
        if signature is None:
            return _foreign(data)
        arguments = _decoded(signature, data[4:])
        if arguments is None:
            return ChainRejected(
                f"the contract said {signature.name} with unreadable arguments: tell the operator"
            )
        explain = _EXPLAINED.get(signature.name)
        return explain(arguments) if explain else _unexplained(signature.name, arguments)

    @cached_property
    def _known(self) -> dict[bytes, Signature]:
        return errors_by_selector()


def revert_data(error: NodeRefused) -> bytes | None:
    """The bytes a contract reverted with, wherever this node puts them; None: it was no revert."""
    data = error.data
    if isinstance(data, dict):  # Ganache's answer to eth_estimateGas
        data = data.get("result", data.get("data"))
    if isinstance(data, str):
        text = data.removeprefix("Reverted ")  # Parity and its descendants
        if text.startswith("0x"):
            try:
                return bytes.fromhex(text[2:])
            except ValueError:
                return None
    return b"" if "revert" in error.said.lower() else None


def _decoded(signature: Signature, data: bytes) -> Arguments | None:
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        values = decode(signature.plain_types, data)
    except (DecodingError, ValueError, OverflowError):
        return None
    return {name: value for (name, _), value in zip(signature.plain, values, strict=True)}


def _foreign(data: bytes) -> ChainRejected:
    """A revert that is none of our errors."""
    if not data:
        return ChainRejected("the contract reverted without a reason: tell the operator")
    if data[:4] == ERROR_WITH_TEXT:
        decoded = _decoded(Signature("Error", (), (("reason", "string"),)), data[4:])
        reason = str(decoded["reason"])[:200] if decoded else "something unreadable"
        return ChainRejected(f"the contract said: {reason}")
    if data[:4] == PANIC:
        decoded = _decoded(Signature("Panic", (), (("code", "uint256"),)), data[4:])
        code = f"{decoded['code']:#x}" if decoded else "unreadable"
        return ChainRejected(f"the contract panicked (code {code}): tell the operator")
    return ChainRejected(
        f"the contract gave an error unknown to this release, selector 0x{data[:4].hex()}: "
        "see that the deployment file names the contracts of this release"
    )


def _unexplained(name: str, arguments: Arguments) -> ChainRejected:
    """An error that no call of this service should meet."""
    listed = ", ".join(f"{key}={_shown(value)}" for key, value in arguments.items())
    return ChainRejected(f"the contract said {name}({listed}): tell the operator")


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)


def _tokens(base_units: int) -> str:
    whole, part = divmod(base_units, ONE_TOKEN)
    return f"{whole}.{part:06d} VMR"


def _kind(number: int) -> str:
    return Kind(number).name.lower() if number in set(Kind) else f"kind {number}"


def _deadline_passed(of: Arguments) -> Refusal:
    return ConsentDeadlinePassed(
        f"the message could be submitted until {moment(of['deadline']):%Y-%m-%d %H:%M:%S} UTC: "
        "sign a new one"
    )


def _nonce_mismatch(of: Arguments) -> Refusal:
    return ConsentNonceMismatch(
        f"the message was signed for nonce {of['given']}, the registry is at {of['expected']}: it "
        "was used already, or a grant or revoke came in between; sign a new one"
    )


def _signer_mismatch(of: Arguments) -> Refusal:
    return ConsentSignerMismatch(
        f"the signature is by {of['recovered']}, not by {of['expected']}, or over another message, "
        "chain or contract: sign again with the contributor's wallet"
    )


def _already_expired(of: Arguments) -> Refusal:
    return ConsentRefused(
        f"the consent would have ended on {moment(of['expiresAt']):%Y-%m-%d %H:%M:%S} UTC, which "
        "is past: choose a later end"
    )


def _kinds_unknown(of: Arguments) -> Refusal:
    return ConsentRefused(f"the registry knows no set of kinds {of['kinds']}: name known kinds")


def _purposes_unknown(of: Arguments) -> Refusal:
    return ConsentRefused(
        f"the registry knows no set of purposes {of['purposes']}: name care, training or sale"
    )


def _not_recorder(of: Arguments) -> Refusal:
    return RecorderRefused(
        f"{of['caller']} is not the registry's recorder: the operator has to propose it, and it "
        "has to accept"
    )


def _paused(of: Arguments) -> Refusal:
    return RegistryPaused("registering is paused by the operator: it is tried again by itself")


def _consent_not_in_force(of: Arguments) -> Refusal:
    return ConsentNotInForceOnChain(
        f"{of['contributor']} has no consent in force for {_kind(of['kind'])} records: it was "
        "revoked, has ended or was never granted"
    )


def _already_registered(of: Arguments) -> Refusal:
    return AlreadyRegistered(f"the digest {_shown(of['digest'])} is registered already")


def _daily_cap(of: Arguments) -> Refusal:
    return DailyCapReached(
        f"{of['contributor']} would be paid {_tokens(of['wouldBe'])} today, the daily cap is "
        f"{_tokens(of['cap'])}: it is tried again on the next UTC day"
    )


def _epoch_cap(of: Arguments) -> Refusal:
    return EpochCapReached(
        f"everybody together would be paid {_tokens(of['wouldBe'])} in epoch {of['epoch']}, its "
        f"cap is {_tokens(of['cap'])}: it is tried again in the next epoch"
    )


def _not_registered(of: Arguments) -> Refusal:
    return NotRegisteredOnChain(
        f"the digest {_shown(of['digest'])} was never registered: there is nothing to mark"
    )


def _already_erased(of: Arguments) -> Refusal:
    return AlreadyErasedOnChain(f"the digest {_shown(of['digest'])} is marked as erased already")


_EXPLAINED: dict[str, Callable[[Arguments], Refusal]] = {
    "ConsentRegistry_DeadlinePassed": _deadline_passed,
    "ConsentRegistry_NonceMismatch": _nonce_mismatch,
    "ConsentRegistry_SignerMismatch": _signer_mismatch,
    "ConsentRegistry_AlreadyExpired": _already_expired,
    "ConsentRegistry_KindsUnknown": _kinds_unknown,
    "ConsentRegistry_PurposesUnknown": _purposes_unknown,
    "ContributionRegistry_CallerNotRecorder": _not_recorder,
    "ContributionRegistry_CallerNotRecorderNorContributor": _not_recorder,
    "ContributionRegistry_Paused": _paused,
    "ContributionRegistry_ConsentNotInForce": _consent_not_in_force,
    "ContributionRegistry_AlreadyRegistered": _already_registered,
    "ContributionRegistry_DailyCapExceeded": _daily_cap,
    "ContributionRegistry_EpochCapExceeded": _epoch_cap,
    "ContributionRegistry_NotRegistered": _not_registered,
    "ContributionRegistry_AlreadyErased": _already_erased,
}
