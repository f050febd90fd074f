"""What a transaction told one of our contracts, directly or through another contract."""

from backend.domain.deployment import ContractName
from backend.domain.evidence import Address
from backend.domain.ledger import Call, Cause
from backend.ports.chain_evidence import ChainEvidence


def directly(cause: Cause, contract: Address) -> bool:
    """Whether the transaction was sent to the contract itself."""
    return cause.to == contract


def calls_behind(
    cause: Cause, name: ContractName, contract: Address, evidence: ChainEvidence
) -> list[Call]:
    """The calls to the contract that the transaction's data holds.

    Sent to the contract itself it is one. Sent through a relaying contract, the data of the inner
    calls lie somewhere in the outer; they are looked for and prove themselves by their signatures.
    Others may lie beside them that were never made.
    """
    if directly(cause, contract):
        call = evidence.call(name, cause.input)
        return [] if call is None else [call]
    return evidence.calls_within(name, cause.input)
