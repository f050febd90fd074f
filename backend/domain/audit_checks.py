"""Everything an audit checks, what each check means, and which promises it stands for."""

from enum import StrEnum


class Check(StrEnum):
    """Everything that is checked, in the order in which it is reported."""

    CHAIN_ID = "deployment.chain"
    CREATION = "deployment.creation"
    CODE = "deployment.code"
    TERMS = "deployment.terms"
    VIEWS = "deployment.views"
    HEADERS = "chain.headers"
    BLOCKS = "chain.blocks"
    EVENTS = "chain.events"
    STATE = "chain.state"
    CONSENT_NONCES = "consents.nonces"
    CONSENT_TERMS = "consents.terms"
    CONSENT_SIGNED = "consents.signed"
    CONSENT_STATE = "consents.state"
    RECORDER = "registry.recorder"
    DESK = "registry.desk"
    REGISTERED_ONCE = "contributions.once"
    REGISTERED_FORM = "contributions.form"
    CONSENT_IN_FORCE = "contributions.consent"
    RECORD_STATE = "contributions.state"
    REWARD = "rewards.amount"
    DAILY_CAP = "rewards.daily_cap"
    EPOCH_CAP = "rewards.epoch_cap"
    MINTS = "rewards.mints"
    TRANSFERS = "tokens.transfers"
    SUPPLY = "tokens.supply"
    BALANCES = "tokens.balances"
    ERASURES = "erasures.marks"
    ERASED_GONE = "erasures.gone"
    CONTENT = "content.held"
    ENVELOPE = "content.envelope"
    FRESH_KEYS = "content.keys"
    RELEASE_FORM = "releases.form"
    RELEASE_SIGNED = "releases.signed"
    RELEASE_POLICY = "releases.policy"
    RELEASE_GATE = "releases.gate"
    RELEASE_CONSISTENT = "releases.consistent"
    RELEASE_PACKAGE = "releases.package"
    LINEAGE_ROOT = "lineage.root"
    LINEAGE_RECORDS = "lineage.records"
    LINEAGE_CONSENT = "lineage.consent"
    LINEAGE_PEOPLE = "lineage.people"


MEANINGS: dict[Check, tuple[str, tuple[str, ...]]] = {
    Check.CHAIN_ID: ("the node is on the deployment's chain", ("AUD-3",)),
    Check.CREATION: ("the deployer made the contracts where the file says", ("AUD-3",)),
    Check.CODE: ("the contracts are the code of a known release", ("AUD-3", "TOK-1")),
    Check.TERMS: ("they were made on the file's terms", ("REC-6", "TOK-1", "TOK-3")),
    Check.VIEWS: ("they answer with those terms", ("REC-6", "TOK-1")),
    Check.HEADERS: ("every block names its parent's hash, up to the newest", ("AUD-1",)),
    Check.BLOCKS: ("opened blocks hold what their headers commit to", ("AUD-2",)),
    Check.EVENTS: ("every log of the contracts is a known event", ("AUD-2",)),
    Check.STATE: ("what the contracts hold is proved under the newest block", ("AUD-1",)),
    Check.CONSENT_NONCES: ("each signature counted once, in order", ("CON-1", "CON-2")),
    Check.CONSENT_TERMS: ("consents name known kinds, purposes, a later expiry", ("CON-5",)),
    Check.CONSENT_SIGNED: ("contributors signed exactly what was recorded", ("CON-3", "CON-6")),
    Check.CONSENT_STATE: ("the registry holds the last grant or revoke", ("CON-1",)),
    Check.RECORDER: ("only the recorder registered, as announced", ("REC-7", "REC-8")),
    Check.DESK: ("pauses and hand-overs kept their rules", ("REC-7", "REC-8")),
    Check.REGISTERED_ONCE: ("no digest was registered twice", ("REC-1",)),
    Check.REGISTERED_FORM: ("kind, codec and quality are in their ranges", ("REC-6",)),
    Check.CONSENT_IN_FORCE: ("a consent covered each at its moment", ("REC-2", "CON-5")),
    Check.RECORD_STATE: ("the registry holds what was announced", ("REC-1", "REC-9")),
    Check.REWARD: ("reward = rate × claimed quality, or 0 without training", ("REC-6",)),
    Check.DAILY_CAP: ("nobody was paid above the day's cap", ("REC-3",)),
    Check.EPOCH_CAP: ("no epoch paid above its cap", ("REC-4",)),
    Check.MINTS: ("each mint is one contribution's reward", ("REC-5", "TOK-1")),
    Check.TRANSFERS: ("tokens moved from who had them, as was said", ("TOK-2",)),
    Check.SUPPLY: ("supply = mints = balances", ("REC-5",)),
    Check.BALANCES: ("each balance is the sum of its transfers", ("REC-5", "TOK-2")),
    Check.ERASURES: ("erasures were marked once, by who may", ("REC-9", "REC-11")),
    Check.ERASED_GONE: ("what was erased is no longer served", ("CNT-4",)),
    Check.CONTENT: ("each ciphertext is there and has its digest", ("CNT-1",)),
    Check.ENVELOPE: ("each is a sealed envelope", ("CNT-2",)),
    Check.FRESH_KEYS: ("each is sealed under a key of its own", ("CNT-3",)),
    Check.RELEASE_FORM: ("each certificate is one, of this deployment", ("REL-20",)),
    Check.RELEASE_SIGNED: ("the deployment's evaluator signed each", ("REL-20",)),
    Check.RELEASE_POLICY: ("each was judged by a policy known here", ("REL-21",)),
    Check.RELEASE_GATE: ("attested measures keep every rule of it", ("REL-21",)),
    Check.RELEASE_CONSISTENT: ("what each attests can be true at all", ("REL-29",)),
    Check.RELEASE_PACKAGE: ("each sealed package is there, unchanged", ("REL-24",)),
    Check.LINEAGE_ROOT: ("leaves are there and have the certified root", ("REL-22",)),
    Check.LINEAGE_RECORDS: ("leaves were registered, and not erased before", ("REL-22",)),
    Check.LINEAGE_CONSENT: ("consent to training and sale covered each leaf", ("REL-22",)),
    Check.LINEAGE_PEOPLE: ("enough contributors, as attested, none too much", ("REL-23", "REL-29")),
}
"""What it means when the check holds, and the promises (docs/promises.md) it stands for."""

OF_RELEASES = frozenset(
    check for check in Check if check.value.startswith(("releases.", "lineage."))
)
"""Checks that look at something only when certificates are named."""
