"""The numbers an operator may choose; they reach the use cases as one frozen value."""

from dataclasses import dataclass

from backend.domain.generation import PrivacyBudget

PRIVACY_BUDGET = PrivacyBudget(epsilon=10.0, delta=1e-4, plain=5)


@dataclass(frozen=True)
class Policy:
    """Times in seconds, sizes in bytes, balances in wei."""

    upload_limit: int = 64 * 1024 * 1024
    reservation_lease_s: int = 300
    """Longer than every outside call of an upload together may take."""
    session_lifetime_s: int = 12 * 3600
    invitation_lifetime_s: int = 7 * 86_400
    challenge_lifetime_s: int = 300
    consent_deadline_s: int = 3600
    """How long a signed consent stays good for relaying."""
    confirmation_depth: int = 2
    stuck_after_s: int = 60
    """A transaction unmined this long is signed again with higher fees."""
    low_balance_wei: int = 10**17
    job_lease_s: int = 60
    job_attempts: int = 20
    keyring_backup_days: int = 30
    training_tick_s: float = 5.0
    """How often at most a training says how far it is and asks whether it may go on."""
    training_attempts: int = 5
    """A training that was interrupted this often has failed."""
    unfinished_runs: int = 20
    """Generation runs that may be queued or running at a time."""
    privacy_budget: PrivacyBudget = PRIVACY_BUDGET
    """Of one contributor over all releases; `plain` counts releases without (ε, δ)."""
