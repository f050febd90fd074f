"""The relayer's transactions: signed and stored, then sent, and followed until deep enough.

Nothing is sent that is not stored, so after a kill the same bytes are sent again. A nonce that was
allocated is always used up: a stored transaction is sent even if the contract would refuse it by
now. It then reverts, which costs its gas, keeps the row of nonces whole, and leaves the chain's
own reason; the caller decides on it like on any other refusal. Withdrawing it instead would race
its own first version, which may have reached a node before the kill.
What a former recorder signed can be lost all the same: `former_recorder` says when.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from backend.domain.errors import ChainRejected, ChainUnavailable, VitalMintError
from backend.domain.identifiers import JobId, TransactionId, random_id_text
from backend.domain.transaction import (
    Call,
    Confirmation,
    Fees,
    SignedTransaction,
    Transaction,
    TxPurpose,
    TxStatus,
)
from backend.ports import Ports
from backend.ports.unit_of_work import UnitOfWork
from backend.use_cases.former_recorder import is_lost, is_stuck

UNDER_WAY = (TxStatus.PREPARED, TxStatus.SENT)
MOST_OVERPAID = 8
"""A replacement bids no more than this many times the present fees: outages are no reason to."""

AFTERWARDS = {
    TxPurpose.REGISTER: "anchor_contribution",
    TxPurpose.MARK_ERASED: "finish_erasure",
    TxPurpose.GRANT_CONSENT: "settle_consent",
    TxPurpose.REVOKE_CONSENT: "settle_consent",
}
"""The job that goes on, under the transaction's subject as key, once the transaction is settled."""

WithTransaction = Callable[[UnitOfWork, Transaction], None]


def _nothing_more(unit: UnitOfWork, transaction: Transaction) -> None:
    """The default for what else is written with a new transaction."""


def submit(
    purpose: TxPurpose,
    subject: str,
    prepare_call: Callable[[], Call],
    *,
    ports: Ports,
    also: WithTransaction = _nothing_more,
) -> Transaction:
    """One transaction for this purpose and subject; one already under way is taken further.

    `also` writes in the very unit that allocates the nonce: if it raises, nothing was allocated.
    Returns also when the node does not take the transaction now: `settle` sends it again.
    """
    earlier = latest_under_way(purpose, subject, ports=ports)
    if earlier is not None:
        return settle(earlier, ports=ports)
    call = prepare_call()
    fees = ports.chain.suggested_fees()
    chain_nonce = ports.chain.next_nonce()
    try:
        with ports.database.write() as unit:
            allocated = unit.transactions.allocate(
                TransactionId(random_id_text(ports.random_bytes(16))),
                signer=ports.chain.relayer,
                chain_nonce=chain_nonce,
                purpose=purpose,
                subject=subject,
                call=call,
                now=ports.clock.now(),
            )
            _give_way_to_a_twin(unit, allocated)
            transaction = _signed(unit, allocated, fees, ports)
            also(unit, transaction)
    except _TwinUnderWay as twin:
        return twin.transaction
    return _send(transaction, ports)


class _TwinUnderWay(Exception):
    """Another process was first with this purpose and subject."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction


def _give_way_to_a_twin(unit: UnitOfWork, allocated: Transaction) -> None:
    """Looked for after allocating, which is what makes units wait for each other."""
    for other in unit.transactions.unfinished(allocated.signer):
        same = (other.purpose, other.subject) == (allocated.purpose, allocated.subject)
        if same and other.id != allocated.id:
            raise _TwinUnderWay(other)


def latest_under_way(purpose: TxPurpose, subject: str, *, ports: Ports) -> Transaction | None:
    """The transaction of this purpose and subject that is not settled yet."""
    with ports.database.read() as unit:
        found = unit.transactions.latest(purpose, subject)
    return found if found is not None and found.status in UNDER_WAY else None


def settle(transaction: Transaction, *, ports: Ports) -> Transaction:
    """Take a transaction as far as it goes now: sent, sent again, replaced, or settled.

    Safe to repeat, and safe beside another process that does the same.
    """
    if transaction.status not in UNDER_WAY:
        return transaction
    confirmation = _confirmation(transaction, ports)
    if confirmation is None:
        return _pursue(transaction, ports)
    if confirmation.depth < ports.policy.confirmation_depth:
        return transaction
    status = TxStatus.CONFIRMED if confirmation.succeeded else TxStatus.REVERTED
    return _write_settled(transaction, status, confirmation, ports)


def settle_all(*, ports: Ports) -> int:
    """Take every unsettled transaction further, lowest nonce first; returns how many are left.

    A nonce left unsent by a kill would hold up every later one: this sends it.
    """
    with ports.database.read() as unit:
        waiting = unit.transactions.unfinished(ports.chain.relayer)
    settled = [settle(each, ports=ports) for each in sorted(waiting, key=lambda each: each.nonce)]
    return sum(each.status in UNDER_WAY for each in settled)


def send_again(*, ports: Ports) -> None:
    """Send whatever is unsettled: after a reorganisation the nodes may have forgotten it."""
    with ports.database.read() as unit:
        waiting = unit.transactions.unfinished(ports.chain.relayer)
    for transaction in sorted(waiting, key=lambda each: each.nonce):
        _send(transaction, ports)


def refusal(transaction: Transaction, *, ports: Ports) -> VitalMintError:
    """Why a settled transaction did not succeed."""
    if transaction.confirmed_hash is None and transaction.signer != ports.chain.relayer:
        return ChainRejected(
            f"{transaction.signer}, which signed it, relays no more: {ports.chain.relayer} sends it"
        )
    if transaction.confirmed_hash is None:
        return ChainRejected(
            f"another transaction of {transaction.signer} took nonce {transaction.nonce}: "
            "nothing else may send with the relayer's key"
        )
    return ports.chain.revert_reason(transaction.confirmed_hash)


def _confirmation(transaction: Transaction, ports: Ports) -> Confirmation | None:
    """Where one of the versions was mined; the newest is the likeliest."""
    for version in reversed(transaction.versions):
        found = ports.chain.confirmation(version.hash)
        if found is not None:
            return found
    return None


def _pursue(transaction: Transaction, ports: Ports) -> Transaction:
    """What is to be done with a transaction that is not mined."""
    ours = transaction.signer == ports.chain.relayer
    if not ours and is_lost(transaction, ports=ports):
        return _displaced(transaction, ports)
    if transaction.status is TxStatus.PREPARED:
        return _send(transaction, ports)
    if not is_stuck(transaction, ports=ports):
        return transaction
    if not ours:
        return _send(transaction, ports)  # of the recorder before this one: only it could replace
    next_nonce = ports.chain.next_nonce()
    if next_nonce > transaction.nonce:
        return _displaced(transaction, ports)
    fees = _replacement_fees(transaction.versions[-1].fees, ports.chain.suggested_fees())
    if next_nonce < transaction.nonce or fees is None:
        # Higher fees would not help: an earlier nonce is missing, or the chain stands still.
        return _send(transaction, ports)
    return _replace(transaction, fees, ports)


def _replacement_fees(paid: Fees, suggested: Fees) -> Fees | None:
    """Raised enough to replace and to be mined; None when that would be absurd."""
    raised = paid.bumped()
    fees = Fees(
        max(raised.max_fee, suggested.max_fee), max(raised.priority_fee, suggested.priority_fee)
    )
    return fees if fees.max_fee <= MOST_OVERPAID * suggested.max_fee else None


def _replace(transaction: Transaction, fees: Fees, ports: Ports) -> Transaction:
    """Sign the same nonce again with higher fees, unless another process just did."""
    with ports.database.write() as unit:
        current = _current(unit, transaction)
        if current.status not in UNDER_WAY or len(current.versions) != len(transaction.versions):
            return current
        replaced = _signed(unit, current, fees, ports)
    structlog.get_logger("relayer").info(
        "transaction_replaced",
        nonce=replaced.nonce,
        versions=len(replaced.versions),
        max_fee=fees.max_fee,
    )
    return _send(replaced, ports)


def _signed(unit: UnitOfWork, transaction: Transaction, fees: Fees, ports: Ports) -> Transaction:
    """The transaction with one more version, kept in this unit."""
    version = ports.chain.sign(transaction.call, nonce=transaction.nonce, fees=fees)
    unit.transactions.add_version(transaction.id, version)
    return replace(transaction, versions=(*transaction.versions, version))


def _send(transaction: Transaction, ports: Ports) -> Transaction:
    """Broadcast the newest version. A node that cannot take it now gets it again later."""
    newest = (
        transaction.versions[-1] if transaction.versions else _first_version(transaction, ports)
    )
    try:
        ports.chain.broadcast(newest)
    except ChainUnavailable as error:
        structlog.get_logger("relayer").warning(
            "transaction_not_sent", nonce=transaction.nonce, reason=error.message
        )
        return transaction
    if transaction.status is TxStatus.SENT:
        return transaction
    with ports.database.write() as unit:
        current = _current(unit, transaction)
        if current.status is not TxStatus.PREPARED:
            return current
        unit.transactions.settle(transaction.id, TxStatus.SENT, None)
    return replace(current, status=TxStatus.SENT)


def _first_version(transaction: Transaction, ports: Ports) -> SignedTransaction:
    """Sign what was allocated and never signed."""
    fees = ports.chain.suggested_fees()
    with ports.database.write() as unit:
        current = _current(unit, transaction)
        if not current.versions:
            current = _signed(unit, current, fees, ports)
    return current.versions[-1]


def _displaced(transaction: Transaction, ports: Ports) -> Transaction:
    """Give it up: its nonce is spent or it is void, unless a version was mined just now."""
    if _confirmation(transaction, ports) is not None:
        return transaction
    structlog.get_logger("relayer").error(
        "transaction_displaced", nonce=transaction.nonce, signer=transaction.signer
    )
    return _write_settled(transaction, TxStatus.DISPLACED, None, ports)


def _write_settled(
    transaction: Transaction, status: TxStatus, confirmation: Confirmation | None, ports: Ports
) -> Transaction:
    """Write how it ended, and queue what comes next in the same unit."""
    with ports.database.write() as unit:
        current = _current(unit, transaction)
        if current.status not in UNDER_WAY:
            return current
        unit.transactions.settle(transaction.id, status, confirmation)
        unit.jobs.enqueue(
            JobId(random_id_text(ports.random_bytes(16))),
            AFTERWARDS[transaction.purpose],
            transaction.subject,
            ports.clock.now(),
        )
        return _current(unit, transaction)


def _current(unit: UnitOfWork, transaction: Transaction) -> Transaction:
    found = unit.transactions.by_id(transaction.id)
    return transaction if found is None else found
