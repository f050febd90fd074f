"""What stays after an erasure, in the same words wherever it is said."""

ON_CHAIN = (
    "on chain, for ever, of whatever came there: the wallet address; of each contribution the "
    "digest, kind, time, claimed quality, amount and erasure mark; the consents and revocations"
)
HERE = (
    "here: the row of each contribution without its content (ids, wallet address, kind, size, "
    "times, CID, digest, quality, amount), its erasure mark, the transactions that were sent, "
    "spent keyed fingerprints without owner, id or time, and the random ids of destroyed keys"
)
OF_A_CONTRIBUTION = (
    f"{ON_CHAIN}; and {HERE}; and your access log's lines about it; and of trainings that learnt "
    "from it when they were and how they ended, without anything that they learnt. Copies of the "
    "sealed record on IPFS nodes of others may stay too: nobody opens them without the key."
)
OF_AN_ACCOUNT = (
    f"{ON_CHAIN}; and {HERE}; none of it under your account any more, of which a mark with its "
    "random id stays. Your login and the wallet address stand side by side in backups of "
    "the database as long as these are kept; the operator's guide limits them, like those of the "
    "keyring, to the days until `final_from`. Where it is kept to, nothing that the service holds "
    "links the address to you from then on. What was published elsewhere is beyond its reach."
)
