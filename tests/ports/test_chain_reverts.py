"""Each error of the Solidity contracts becomes a domain error that says what to do."""

import pytest
from eth_abi.abi import encode

from backend.adapters.chain.abi import Signature, errors_by_selector
from backend.adapters.chain.reverts import RevertReader
from backend.domain import errors
from backend.domain.consent import Kind
from tests.networks import DeployedChain
from tests.signing import Contributor, some_digest

EXPECTED = {
    "ConsentRegistry_DeadlinePassed": errors.ConsentDeadlinePassed,
    "ConsentRegistry_NonceMismatch": errors.ConsentNonceMismatch,
    "ConsentRegistry_SignerMismatch": errors.ConsentSignerMismatch,
    "ConsentRegistry_AlreadyExpired": errors.ConsentRefused,
    "ConsentRegistry_KindsUnknown": errors.ConsentRefused,
    "ConsentRegistry_PurposesUnknown": errors.ConsentRefused,
    "ContributionRegistry_CallerNotRecorder": errors.RecorderRefused,
    "ContributionRegistry_CallerNotRecorderNorContributor": errors.RecorderRefused,
    "ContributionRegistry_Paused": errors.RegistryPaused,
    "ContributionRegistry_ConsentNotInForce": errors.ConsentNotInForceOnChain,
    "ContributionRegistry_AlreadyRegistered": errors.AlreadyRegistered,
    "ContributionRegistry_DailyCapExceeded": errors.DailyCapReached,
    "ContributionRegistry_EpochCapExceeded": errors.EpochCapReached,
    "ContributionRegistry_NotRegistered": errors.NotRegisteredOnChain,
    "ContributionRegistry_AlreadyErased": errors.AlreadyErasedOnChain,
}
SAMPLES = {
    "address": "0x" + "11" * 20,
    "bytes32": b"\x22" * 32,
    "string": "text",
    "uint8": 200,
    "uint16": 60_000,
    "uint48": 2**48 - 1,
    "uint256": 2**255,
}


def sample(selector: bytes, signature: Signature) -> bytes:
    values = [SAMPLES[kind] for _, kind in signature.plain]
    return selector + encode(list(signature.plain_types), values)


@pytest.mark.parametrize(
    ("selector", "signature"),
    errors_by_selector().items(),
    ids=[signature.name for signature in errors_by_selector().values()],
)
def test_every_error_of_the_contracts_is_decoded(selector: bytes, signature: Signature) -> None:
    error = RevertReader().refusal(sample(selector, signature))
    wanted = EXPECTED.get(signature.name)
    if wanted is None:
        assert type(error) is errors.ChainRejected and signature.name in error.message
    else:
        assert type(error) is wanted
    assert "unknown" not in error.message or "Unknown" in signature.name


@pytest.mark.parametrize(
    ("selector", "signature"),
    errors_by_selector().items(),
    ids=[signature.name for signature in errors_by_selector().values()],
)
def test_an_error_cut_short_is_still_told(selector: bytes, signature: Signature) -> None:
    data = sample(selector, signature)
    error = RevertReader().refusal(data[:-1] if signature.plain else data)
    assert isinstance(error, errors.ChainRejected | errors.ConsentRefused) and error.message


def test_the_amounts_of_a_cap_are_told_in_tokens() -> None:
    (selector, _) = next(
        item
        for item in errors_by_selector().items()
        if item[1].name == "ContributionRegistry_DailyCapExceeded"
    )
    data = selector + encode(
        ["address", "uint256", "uint256"], ["0x" + "11" * 20, 312_500_000, 300_000_000]
    )
    message = RevertReader().refusal(data).message
    assert "312.500000 VMR" in message and "300.000000 VMR" in message


def test_a_service_that_is_not_the_recorder_is_told_so(deployed_chain: DeployedChain) -> None:
    somebody = Contributor()
    somebody.consent(deployed_chain)
    chain = deployed_chain.chain_as(deployed_chain.rich_key)
    with pytest.raises(errors.RecorderRefused, match=chain.relayer):
        chain.register_call(some_digest(), Kind.CGM, somebody.wallet, 1)
