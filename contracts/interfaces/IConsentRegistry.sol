// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {Consent} from "../types/Consents.sol";

/// @title IConsentRegistry
/// @notice Records who consented to what, by the contributor's own signature, and until when.
///
/// A consent is in force at time `t` when `grantedAt <= t < expiresAt` and nothing was revoked since.
/// There is one consent per contributor: a new grant replaces it. A single nonce orders grants and
/// revokes; each spends it, so every signature counts at most once and a revoke also kills a grant
/// that was signed and not yet submitted.
///
/// There is no owner and no pause: nobody can grant for someone else and nobody can stop a revoke.
///
/// Assumed about the outside:
/// - `block.timestamp` decides about expiry and deadlines; a proposer may shift it by seconds.
/// - A contributor is an account with a key (ECDSA over secp256k1). A contract wallet cannot sign
///   a grant (no ERC-1271), because its answer could change after the grant.
/// - `custodial` is part of what is signed, so nobody but the signer can set it; whether the service
///   really keeps the signing key is the signer's claim, and for kept wallets that is the operator.
interface IConsentRegistry {
    /*//////////////////////////////////////////////////////////////////////////
                                       EVENTS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A consent was recorded; it replaces any earlier one of the same contributor.
    /// @param schemaVersion Version of this event's meaning.
    /// @param contributor Who consented.
    /// @param kinds Mask of kinds consented to.
    /// @param purposes Mask of purposes consented to.
    /// @param custodial Whether the signature says it is by a wallet that the service keeps.
    /// @param expiresAt First second at which the consent no longer holds.
    /// @param nonce The nonce that was spent.
    event ConsentGranted(
        uint8 schemaVersion,
        address indexed contributor,
        uint8 kinds,
        uint8 purposes,
        bool custodial,
        uint48 expiresAt,
        uint256 nonce
    );

    /// @notice A contributor revoked: no consent is in force and no grant signed before counts.
    /// @param schemaVersion Version of this event's meaning.
    /// @param contributor Who revoked.
    /// @param nonce The nonce that was spent.
    event ConsentRevoked(uint8 schemaVersion, address indexed contributor, uint256 nonce);

    /*//////////////////////////////////////////////////////////////////////////
                                       ERRORS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown when a message is submitted after its deadline.
    error ConsentRegistry_DeadlinePassed(uint48 deadline);

    /// @notice Thrown when a grant was signed for another nonce than the contributor's current one.
    error ConsentRegistry_NonceMismatch(uint256 expected, uint256 given);

    /// @notice Thrown when the mask of kinds is empty or has a bit that means nothing.
    error ConsentRegistry_KindsUnknown(uint8 kinds);

    /// @notice Thrown when the mask of purposes is empty or has a bit that means nothing.
    error ConsentRegistry_PurposesUnknown(uint8 purposes);

    /// @notice Thrown when a grant would never be in force.
    error ConsentRegistry_AlreadyExpired(uint48 expiresAt);

    /// @notice Thrown when a message was not signed by the contributor, or not for this chain and
    /// contract. `recovered` is the zero address when the signature is malformed.
    error ConsentRegistry_SignerMismatch(address expected, address recovered);

    /*//////////////////////////////////////////////////////////////////////////
                                    STATE-CHANGING
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Records the consent that its contributor signed. Anyone may submit it.
    /// @dev Emits {ConsentGranted}. Checked in this order: the deadline has not passed, the nonce is
    /// the current one, kinds and purposes are known and not empty, the expiry lies ahead, and the
    /// contributor signed exactly this message for this contract on this chain.
    /// @param consent The message.
    /// @param signature 65 bytes `r || s || v`, with `s` in the lower half of the curve's order.
    function grant(Consent calldata consent, bytes calldata signature) external;

    /// @notice Revokes the caller's consent, and with it every grant signed and not yet submitted.
    /// @dev Emits {ConsentRevoked}. Never refused, also when nothing is in force.
    function revoke() external;

    /// @notice Revokes a contributor's consent by their signature over their current nonce. Anyone
    /// may submit it.
    /// @dev Emits {ConsentRevoked}. The signed message is
    /// `Revocation(address contributor,uint256 nonce,uint48 deadline)`.
    /// @param contributor Who signed.
    /// @param deadline Last second at which the message may be submitted.
    /// @param signature 65 bytes `r || s || v`, with `s` in the lower half of the curve's order.
    function revokeBySignature(address contributor, uint48 deadline, bytes calldata signature) external;

    /*//////////////////////////////////////////////////////////////////////////
                                      READ-ONLY
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice The nonce that the contributor's next message must carry.
    function nonceOf(address contributor) external view returns (uint256 nonce);

    /// @notice The latest consent that was granted and not revoked, expired or not; zeros when none.
    function consentOf(
        address contributor
    )
        external
        view
        returns (uint8 kinds, uint8 purposes, bool custodial, uint48 grantedAt, uint48 expiresAt);

    /// @notice Mask of purposes in force now for one kind of record; 0 when none is.
    function purposesInForce(address contributor, uint8 kind) external view returns (uint8 purposes);
}
