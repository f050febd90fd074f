"""Every error the service can end in, as one tree.

VitalMintError
├── BadInput                      the caller sent something that cannot be used
│   ├── UnreadableRecord          a file that cannot be read as the kind it claims
│   ├── ZoneMissing               local clock readings without a time zone
│   ├── PayloadTooLarge           more bytes than are accepted
│   ├── UploadTimedOut            the bytes of an upload did not arrive in time
│   ├── NotEnoughData             too little, or nothing usable, to learn or to tell from
│   ├── InvalidField              one field of a request is out of its range
│   └── InvitationRequired        a guardian signs up only with an invitation
├── NotAllowed                    the caller is known and may not do this
│   ├── ConsentRefused            a consent message that the registry would not take
│   │   ├── ConsentSignerMismatch signed by another wallet
│   │   ├── ConsentNonceMismatch  replayed, or older than a revoke
│   │   └── ConsentDeadlinePassed submitted too late
│   ├── ConsentNotGranted         no consent covers this kind
│   ├── ConsentExpired            there was one, its time is over
│   ├── NotReleasable             a dataset that its certificate does not let out
│   ├── RoleRequired              another role's door
│   └── CsrfMismatch              the request did not come from our own page
├── NotAuthenticated              no session, or one that has ended
│   └── CredentialsRefused        wrong id, password, code or signature
├── NotFound                      nothing of that name that this caller may see
├── Conflict                      it is already so
│   ├── DuplicateContribution     these readings are known already
│   ├── AccountExists             the id is taken
│   ├── ForecastNotReady          no model is there yet to answer from
│   ├── ModelUnusable             a stored model that this release cannot read
│   ├── TrainingUnderWay          one training of this account is not finished yet
│   ├── TooManyRuns               as many generation runs are unfinished as there may be
│   ├── StaleVersion              it was changed since the caller looked
│   └── IllegalTransition         the thing is in a state that does not allow this
├── RateLimited                   too many attempts
├── KeyUnavailable                a key that cannot be used
│   ├── KeyDestroyed              erased for good
│   └── KeyUnknown                never seen by this keyring
├── SealBroken                    bytes that do not open under their key and context
├── ContentMismatch               content whose digest is not the promised one
├── ContentMissing                content that the store does not hold
├── Unavailable                   an outside system did not answer in time
│   ├── ContentStoreUnavailable
│   ├── ChainUnavailable
│   ├── DatabaseUnavailable
│   └── KeyringUnavailable
├── ChainRejected                 the contract said no
│   ├── RegistryPaused
│   ├── DailyCapReached
│   ├── EpochCapReached
│   ├── AlreadyRegistered
│   ├── ConsentNotInForceOnChain
│   ├── AlreadyErasedOnChain
│   ├── NotRegisteredOnChain
│   └── RecorderRefused
└── MisconfiguredService          settings that cannot be started with
"""

from datetime import datetime
from typing import ClassVar


class VitalMintError(Exception):
    """Says what happened, to what, and what to do; `code` is stable for machines."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadInput(VitalMintError):
    code = "bad_input"


class UnreadableRecord(BadInput):
    """The file cannot be read; `line` is where, counted from 1, when it has one."""

    code = "unreadable_record"

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class ZoneMissing(BadInput):
    code = "zone_missing"


class PayloadTooLarge(BadInput):
    code = "payload_too_large"


class UploadTimedOut(BadInput):
    code = "upload_timed_out"


class NotEnoughData(BadInput):
    """Says what is missing; `needs` says what would be enough, `reasons` are codes."""

    code = "not_enough_data"

    def __init__(self, message: str, *, needs: str, reasons: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.needs = needs
        self.reasons = reasons


class InvalidField(BadInput):
    code = "invalid_field"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class InvitationRequired(BadInput):
    code = "invitation_required"


class NotAllowed(VitalMintError):
    code = "not_allowed"


class ConsentRefused(NotAllowed):
    code = "consent_refused"


class ConsentSignerMismatch(ConsentRefused):
    code = "consent_signer_mismatch"


class ConsentNonceMismatch(ConsentRefused):
    code = "consent_nonce_mismatch"


class ConsentDeadlinePassed(ConsentRefused):
    code = "consent_deadline_passed"


class ConsentNotGranted(NotAllowed):
    code = "consent_not_granted"


class ConsentExpired(NotAllowed):
    code = "consent_expired"

    def __init__(self, message: str, *, expired_at: datetime) -> None:
        super().__init__(message)
        self.expired_at = expired_at


class NotReleasable(NotAllowed):
    code = "not_releasable"


class RoleRequired(NotAllowed):
    code = "role_required"


class CsrfMismatch(NotAllowed):
    code = "csrf_mismatch"


class NotAuthenticated(VitalMintError):
    code = "not_authenticated"


class CredentialsRefused(NotAuthenticated):
    code = "credentials_refused"


class NotFound(VitalMintError):
    code = "not_found"


class Conflict(VitalMintError):
    code = "conflict"


class DuplicateContribution(Conflict):
    code = "duplicate_contribution"


class AccountExists(Conflict):
    code = "account_exists"


class ForecastNotReady(Conflict):
    code = "forecast_not_ready"


class ModelUnusable(Conflict):
    code = "model_unusable"


class TrainingUnderWay(Conflict):
    code = "training_under_way"


class TooManyRuns(Conflict):
    code = "too_many_runs"


class StaleVersion(Conflict):
    code = "stale_version"


class IllegalTransition(Conflict):
    code = "illegal_transition"


class RateLimited(VitalMintError):
    """Too many attempts; the next one is worth making after `retry_after_s`."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class KeyUnavailable(VitalMintError):
    code = "key_unavailable"


class KeyDestroyed(KeyUnavailable):
    code = "key_destroyed"


class KeyUnknown(KeyUnavailable):
    code = "key_unknown"


class SealBroken(VitalMintError):
    code = "seal_broken"


class ContentMismatch(VitalMintError):
    code = "content_mismatch"


class ContentMissing(VitalMintError):
    code = "content_missing"


class Unavailable(VitalMintError):
    code = "unavailable"


class ContentStoreUnavailable(Unavailable):
    code = "content_store_unavailable"


class ChainUnavailable(Unavailable):
    code = "chain_unavailable"


class DatabaseUnavailable(Unavailable):
    code = "database_unavailable"


class KeyringUnavailable(Unavailable):
    code = "keyring_unavailable"


class ChainRejected(VitalMintError):
    code = "chain_rejected"


class RegistryPaused(ChainRejected):
    code = "registry_paused"


class DailyCapReached(ChainRejected):
    code = "daily_cap_reached"


class EpochCapReached(ChainRejected):
    code = "epoch_cap_reached"


class AlreadyRegistered(ChainRejected):
    code = "already_registered"


class ConsentNotInForceOnChain(ChainRejected):
    code = "consent_not_in_force_on_chain"


class AlreadyErasedOnChain(ChainRejected):
    code = "already_erased_on_chain"


class NotRegisteredOnChain(ChainRejected):
    code = "not_registered_on_chain"


class RecorderRefused(ChainRejected):
    code = "recorder_refused"


class MisconfiguredService(VitalMintError):
    """Settings that cannot be started with; `faults` names every one of them."""

    code = "misconfigured"

    def __init__(self, faults: tuple[str, ...]) -> None:
        listed = "".join(f"\n  - {fault}" for fault in faults)
        super().__init__(f"the service cannot start with these settings:{listed}")
        self.faults = faults
