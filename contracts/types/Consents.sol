// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

/// @notice The message a contributor signs (EIP-712) to consent.
/// @param contributor The account whose records it is about, and the only one who may sign it.
/// @param kinds Mask of the kinds of record consented to, see `Vocabulary.sol`.
/// @param purposes Mask of the purposes consented to, see `Vocabulary.sol`.
/// @param custodial True when a wallet kept by the service signs, false for the contributor's own.
/// @param expiresAt First second (Unix time) at which the consent no longer holds.
/// @param nonce The contributor's nonce at signing; any grant or revoke in between spends it.
/// @param deadline Last second (Unix time) at which the message may be submitted.
struct Consent {
    address contributor;
    uint8 kinds;
    uint8 purposes;
    bool custodial;
    uint48 expiresAt;
    uint256 nonce;
    uint48 deadline;
}

/// @notice What is stored per contributor: one slot, so that granting, revoking and checking each
/// touch storage once.
/// @param nonce How many grants and revokes the contributor has spent.
/// @param grantedAt Second at which the latest grant was recorded; 0 when revoked or never granted.
/// @param expiresAt First second at which it no longer holds.
/// @param kinds Mask of kinds consented to.
/// @param purposes Mask of purposes consented to.
/// @param custodial Whether a wallet kept by the service signed.
struct Standing {
    uint128 nonce;
    uint48 grantedAt;
    uint48 expiresAt;
    uint8 kinds;
    uint8 purposes;
    bool custodial;
}
