"""When a transaction that a former recorder signed is given up: nobody here can replace it.

Given up as void, it may still be mined: the registry then refuses it. Should its signer be recorder
again by then, the registry holds the digest once all the same: the second registration or mark
reverts and what stands is taken over, and a registration that lands after an erasure is marked when
the indexer sees it.
"""

from datetime import timedelta

from backend.domain.transaction import Transaction, TxPurpose
from backend.ports import Ports

RECORDER_ONLY = (TxPurpose.REGISTER, TxPurpose.MARK_ERASED)
"""What the registry takes from its recorder alone; consents may be relayed by any account."""


def is_lost(transaction: Transaction, *, ports: Ports) -> bool:
    """Whether it can no longer succeed: never signed, its nonce spent, or void at the registry."""
    if not transaction.versions:
        return True
    if not is_stuck(transaction, ports=ports):
        return False
    spent = ports.chain.nonce_after_mined(transaction.signer) > transaction.nonce
    return spent or _is_void(transaction, ports)


def is_stuck(transaction: Transaction, *, ports: Ports) -> bool:
    """Whether its newest version should have been mined by now."""
    waited = ports.clock.now() - transaction.versions[-1].signed_at
    return waited >= timedelta(seconds=ports.policy.stuck_after_s)


def _is_void(transaction: Transaction, ports: Ports) -> bool:
    """Whether the registry takes such a call only from another account than signed this one."""
    return transaction.purpose in RECORDER_ONLY and ports.chain.recorder() != transaction.signer
