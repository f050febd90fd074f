"""A patient contributes a record: read, checked, sealed, stored, and queued for the chain.

Everything that has to be found again after a kill is written before it is done: the
reservation names key and content before either exists, so the sweeper can remove both.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.crypto.cid import cid_of, digest_of
from backend.crypto.fingerprints import keyed
from backend.crypto.sealing import NONCE_BYTES, SealContext, seal, seal_summary
from backend.domain.account import Account
from backend.domain.consent import Consent, Kind, require_consent
from backend.domain.contribution import Contribution, RecordSummary, Status
from backend.domain.errors import (
    ContentMismatch,
    DuplicateContribution,
    NotFound,
    PayloadTooLarge,
    VitalMintError,
    ZoneMissing,
)
from backend.domain.identifiers import (
    AccountId,
    ContributionId,
    JobId,
    KeyId,
    random_id_text,
)
from backend.ports import Ports
from backend.ports.records import ReadRecord
from backend.use_cases.abandon_reservation import abandon_reservation
from backend.use_cases.read_contribution import ContributionView


@dataclass(frozen=True, repr=False)
class ContributeRecord:
    """An upload. `zone` is the IANA zone of its local clock."""

    account_id: AccountId
    data: bytes
    kind: Kind
    zone: str | None


def contribute_record(command: ContributeRecord, *, ports: Ports) -> ContributionView:
    """The contribution, sealed and waiting for its anchor; or one error and nothing kept.

    Its summary is told as it was read: nothing is opened again for it.
    """
    now = ports.clock.now()
    account = _account(command.account_id, ports)
    record = _read(command, now, ports)
    consent = require_consent(ports.chain.consent_of(account.wallet), command.kind, now)
    key = ports.random_bytes(32)
    contribution, envelope = _sealed(account, consent, command.kind, record, key, ports)
    _reserve(contribution, record, ports)
    try:
        _keep(contribution, key, envelope, ports)
        return ContributionView(_confirm(contribution, ports), record.summary, transaction=None)
    except VitalMintError:
        abandon_reservation(contribution, ports=ports)
        raise


def _account(account_id: AccountId, ports: Ports) -> Account:
    with ports.database.read() as unit:
        account = unit.accounts.by_id(account_id)
    if account is None:
        raise NotFound("this account does not exist any more: sign up again")
    return account


def _read(command: ContributeRecord, now: datetime, ports: Ports) -> ReadRecord:
    if len(command.data) > ports.policy.upload_limit:
        raise PayloadTooLarge(
            f"the file is larger than {ports.policy.upload_limit // 2**20} MiB: "
            "export a shorter period"
        )
    if command.zone is None:
        raise ZoneMissing(
            "the file's clock has no zone: send the IANA name of the zone the device was set "
            "to, as in zone=Europe/London, or set one in your profile"
        )
    return ports.records.read(command.data, command.kind, zone=command.zone, received_at=now)


def _sealed(
    account: Account, consent: Consent, kind: Kind, record: ReadRecord, key: bytes, ports: Ports
) -> tuple[Contribution, bytes]:
    now = ports.clock.now()
    contribution_id = ContributionId(random_id_text(ports.random_bytes(16)))
    key_id = KeyId(random_id_text(ports.random_bytes(16)))
    context = SealContext(contribution_id, account.id, kind)
    envelope = seal(
        record.canonical,
        key=key,
        key_id=key_id,
        nonce=ports.random_bytes(NONCE_BYTES),
        context=context,
    )
    digest = digest_of(envelope)
    contribution = Contribution(
        id=contribution_id,
        account_id=account.id,
        contributor=account.wallet,
        kind=kind,
        status=Status.RESERVED,
        key_id=key_id,
        cid=cid_of(digest),
        digest=digest,
        size=len(envelope),
        quality=record.summary.quality,
        sealed_summary=_sealed_summary(record.summary, key, context, ports),
        created_at=now,
        lease_until=now + timedelta(seconds=ports.policy.reservation_lease_s),
        custodial=consent.custodial,
    )
    return contribution, envelope


def _sealed_summary(
    summary: RecordSummary, key: bytes, context: SealContext, ports: Ports
) -> bytes:
    text = json.dumps({"fields": summary.fields, "quality_parts": summary.quality_parts})
    nonce = ports.random_bytes(NONCE_BYTES)
    return seal_summary(text.encode(), key=key, nonce=nonce, context=context)


def _reserve(contribution: Contribution, record: ReadRecord, ports: Ports) -> None:
    secret = ports.keys.service_key("fingerprints")
    exact = keyed(b"exact ", record.exact, secret)
    own = keyed(f"own {contribution.account_id} ".encode(), record.own, secret)
    shingles = keyed(b"shingle ", record.shingles, secret)
    with ports.database.write() as unit:
        unit.contributions.add(contribution)
        known = unit.fingerprints.claim(contribution.id, (*exact, *own))
        shared = unit.fingerprints.claim(contribution.id, shingles)
        if known or shared >= record.duplicate_at:
            raise DuplicateContribution(
                "these readings were contributed before, perhaps in another export, unit or "
                "period that overlaps: contribute only what is new"
            )


def _keep(contribution: Contribution, key: bytes, envelope: bytes, ports: Ports) -> None:
    """Key and content, side by side: the reservation names both. Both have ended afterwards."""
    with ThreadPoolExecutor(max_workers=1) as beside:
        kept = beside.submit(ports.keys.store, contribution.key_id, key)
        _store(contribution, envelope, ports)
    kept.result()


def _store(contribution: Contribution, envelope: bytes, ports: Ports) -> None:
    named = ports.content.add(envelope)
    if named != contribution.cid:
        ports.content.unpin(named)
        raise ContentMismatch(
            f"the content store named {named} what is {contribution.cid}: check its settings"
        )
    if ports.content.get(contribution.cid, limit=len(envelope)) != envelope:
        raise ContentMismatch(
            f"the content store returned other bytes for {contribution.cid}: do not trust it"
        )


def _confirm(contribution: Contribution, ports: Ports) -> Contribution:
    sealed = contribution.moved(Status.SEALED)
    with ports.database.write() as unit:
        unit.contributions.update(sealed, expected=Status.RESERVED)
        unit.jobs.enqueue(
            JobId(random_id_text(ports.random_bytes(16))),
            "anchor_contribution",
            contribution.id,
            ports.clock.now(),
        )
    return sealed
