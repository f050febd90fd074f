"""The deployment file against the chain: who made the contracts, of which code, on which terms."""

from backend.crypto.block_hashes import created_address
from backend.domain.audit_checks import Check
from backend.domain.deployment import ContractName, Deployment
from backend.domain.evidence import Address
from backend.ports.chain_evidence import ChainEvidence, Creation, Value, View
from backend.use_cases.audit.read_ledger import CreatingTransaction, Ledger
from backend.use_cases.audit.tally import Tally, hexed

TOKEN_DECIMALS = 6
TOKEN_NAME = "VitalMint Reward"
TOKEN_SYMBOL = "VMR"


def check_creations(
    deployment: Deployment, ledger: Ledger, *, evidence: ChainEvidence, tally: Tally
) -> str | None:
    """Checks the three creating transactions; returns the release whose code all of them are."""
    releases: set[str | None] = set()
    for name in ContractName:
        creating = ledger.creations.get(name)
        _check_creation(name, deployment, creating, tally)
        data = creating.transaction.input if creating is not None else b""
        creation = evidence.creation(name, data)
        releases.add(creation.code)
        tally.that(
            Check.CODE,
            name,
            creation.code is not None,
            expected="the code of a release that this audit knows",
            found="other code",
        )
        _check_arguments(name, deployment, creation, tally)
    held = (deployment.recorder, deployment.terms.operator)
    tally.same(
        Check.TERMS,
        "the deployer",
        {"holds a role": False},
        {"holds a role": deployment.deployer in held},
    )
    return releases.pop() if len(releases) == 1 else None


def check_views(
    deployment: Deployment, *, block: int, evidence: ChainEvidence, tally: Tally
) -> None:
    """Asks the contracts for what cannot change, and compares each answer with the file."""
    expected = _immutable_views(deployment)
    answers = evidence.views(list(expected), block=block)
    for (view, value), answer in zip(expected.items(), answers, strict=True):
        arguments = ", ".join(str(one) for one in view.arguments)
        tally.that(
            Check.VIEWS,
            f"{view.contract}.{view.function}({arguments})",
            answer == (value,),
            expected=_as_found(value),
            found=None if answer is None else _as_found(answer[0]),
        )


def _check_creation(
    name: ContractName, deployment: Deployment, creating: CreatingTransaction | None, tally: Tally
) -> None:
    file = deployment.contracts[name]
    expected: dict[str, object] = {
        "creating transaction": file.transaction,
        "block": file.block,
        "sender": deployment.deployer,
        "recipient": None,
        "succeeded": True,
        "address": file.address,
    }
    if creating is None:
        tally.same(Check.CREATION, name, expected, {})
        return
    sent = creating.transaction
    address = None if creating.sender is None else created_address(creating.sender, sent.nonce)
    found: dict[str, object] = {
        "creating transaction": sent.claimed_hash,
        "block": creating.block,
        "sender": creating.sender,
        "recipient": sent.to,
        "succeeded": creating.succeeded,
        "address": address,
    }
    tally.same(Check.CREATION, name, expected, found)


def _check_arguments(
    name: ContractName, deployment: Deployment, creation: Creation, tally: Tally
) -> None:
    """The words that the constructor was given, against the file's terms."""
    terms = deployment.terms
    expected: dict[str, object] = {}
    if name is ContractName.TOKEN:
        expected = {"minter": _word(deployment.address(ContractName.REGISTRY))}
    if name is ContractName.REGISTRY:
        expected = {
            "token": _word(deployment.address(ContractName.TOKEN)),
            "consents": _word(deployment.address(ContractName.CONSENTS)),
            "operator": _word(terms.operator),
            "first recorder": _word(deployment.recorder),
            **{f"rate of kind {kind}": rate for kind, rate in enumerate(terms.rates)},
            "daily cap": terms.daily_cap,
            "epoch cap": terms.epoch_cap,
            "epoch length": terms.epoch_length,
        }
    tally.same(Check.TERMS, name, expected, dict(zip(expected, creation.arguments, strict=False)))


def _immutable_views(deployment: Deployment) -> dict[View, Value]:
    terms, registry = deployment.terms, ContractName.REGISTRY
    return {
        View(ContractName.TOKEN, "minter"): deployment.address(registry),
        View(ContractName.TOKEN, "decimals"): TOKEN_DECIMALS,
        View(ContractName.TOKEN, "name"): TOKEN_NAME,
        View(ContractName.TOKEN, "symbol"): TOKEN_SYMBOL,
        View(registry, "token"): deployment.address(ContractName.TOKEN),
        View(registry, "consents"): deployment.address(ContractName.CONSENTS),
        View(registry, "operator"): terms.operator,
        **{View(registry, "rateOf", (kind,)): rate for kind, rate in enumerate(terms.rates)},
        View(registry, "dailyCap"): terms.daily_cap,
        View(registry, "epochCap"): terms.epoch_cap,
        View(registry, "epochLength"): terms.epoch_length,
    }


def _word(address: Address) -> int:
    return int.from_bytes(address, "big")


def _as_found(value: Value) -> str:
    return hexed(value) if isinstance(value, bytes) else str(value)
