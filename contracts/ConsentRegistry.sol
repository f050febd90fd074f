// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

import {IConsentRegistry} from "./interfaces/IConsentRegistry.sol";
import {Consent, Standing} from "./types/Consents.sol";
import {ALL_KINDS, ALL_PURPOSES, EVENT_SCHEMA} from "./types/Vocabulary.sol";

/// @title ConsentRegistry
/// @notice See {IConsentRegistry}.
contract ConsentRegistry is IConsentRegistry, EIP712 {
    bytes32 private constant CONSENT_TYPEHASH =
        keccak256(
            "Consent(address contributor,uint8 kinds,uint8 purposes,bool custodial,uint48 expiresAt,uint256 nonce,uint48 deadline)"
        );
    bytes32 private constant REVOCATION_TYPEHASH =
        keccak256("Revocation(address contributor,uint256 nonce,uint48 deadline)");

    mapping(address contributor => Standing) private _standings;

    constructor() EIP712("VitalMint ConsentRegistry", "1") {}

    /*//////////////////////////////////////////////////////////////////////////
                                    STATE-CHANGING
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc IConsentRegistry
    function grant(Consent calldata consent, bytes calldata signature) external {
        Standing storage standing = _standings[consent.contributor];
        uint128 nonce = standing.nonce;

        // Check
        _requireBefore(consent.deadline);
        if (consent.nonce != nonce) revert ConsentRegistry_NonceMismatch(nonce, consent.nonce);
        if (consent.kinds == 0 || consent.kinds > ALL_KINDS) revert ConsentRegistry_KindsUnknown(consent.kinds);
        if (consent.purposes == 0 || consent.purposes > ALL_PURPOSES) {
            revert ConsentRegistry_PurposesUnknown(consent.purposes);
        }
        if (consent.expiresAt <= block.timestamp) revert ConsentRegistry_AlreadyExpired(consent.expiresAt);
        _requireSigned(consent.contributor, keccak256(abi.encode(CONSENT_TYPEHASH, consent)), signature);

        // Effect
        _standings[consent.contributor] = Standing({
            nonce: nonce + 1,
            grantedAt: uint48(block.timestamp),
            expiresAt: consent.expiresAt,
            kinds: consent.kinds,
            purposes: consent.purposes,
            custodial: consent.custodial
        });
        emit ConsentGranted({
            schemaVersion: EVENT_SCHEMA,
            contributor: consent.contributor,
            kinds: consent.kinds,
            purposes: consent.purposes,
            custodial: consent.custodial,
            expiresAt: consent.expiresAt,
            nonce: nonce
        });
    }

    /// @inheritdoc IConsentRegistry
    function revoke() external {
        // Effect
        _revoke(msg.sender, _standings[msg.sender].nonce);
    }

    /// @inheritdoc IConsentRegistry
    function revokeBySignature(address contributor, uint48 deadline, bytes calldata signature) external {
        uint128 nonce = _standings[contributor].nonce;

        // Check
        _requireBefore(deadline);
        _requireSigned(contributor, keccak256(abi.encode(REVOCATION_TYPEHASH, contributor, nonce, deadline)), signature);

        // Effect
        _revoke(contributor, nonce);
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      READ-ONLY
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc IConsentRegistry
    function nonceOf(address contributor) external view returns (uint256 nonce) {
        return _standings[contributor].nonce;
    }

    /// @inheritdoc IConsentRegistry
    function consentOf(
        address contributor
    )
        external
        view
        returns (uint8 kinds, uint8 purposes, bool custodial, uint48 grantedAt, uint48 expiresAt)
    {
        Standing memory standing = _standings[contributor];
        return (standing.kinds, standing.purposes, standing.custodial, standing.grantedAt, standing.expiresAt);
    }

    /// @inheritdoc IConsentRegistry
    function purposesInForce(address contributor, uint8 kind) external view returns (uint8 purposes) {
        Standing storage standing = _standings[contributor];
        // `grantedAt <= now` needs no check: it was a past `block.timestamp`.
        bool inForce = block.timestamp < standing.expiresAt && (standing.kinds >> kind) & 1 == 1;
        return inForce ? standing.purposes : 0;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       INTERNAL
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev Clears the consent and spends the nonce.
    function _revoke(address contributor, uint128 nonce) private {
        _standings[contributor] = Standing({
            nonce: nonce + 1,
            grantedAt: 0,
            expiresAt: 0,
            kinds: 0,
            purposes: 0,
            custodial: false
        });
        emit ConsentRevoked({schemaVersion: EVENT_SCHEMA, contributor: contributor, nonce: nonce});
    }

    /// @dev Refuses a message whose last second has gone by.
    function _requireBefore(uint48 deadline) private view {
        if (block.timestamp > deadline) revert ConsentRegistry_DeadlinePassed(deadline);
    }

    /// @dev Refuses a message that `expected` did not sign for this contract on this chain. The zero
    /// address can sign nothing: a malformed signature recovers to it and is refused all the same.
    function _requireSigned(address expected, bytes32 structHash, bytes calldata signature) private view {
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecover(_hashTypedDataV4(structHash), signature);
        if (problem != ECDSA.RecoverError.NoError || recovered != expected) {
            revert ConsentRegistry_SignerMismatch(expected, recovered);
        }
    }
}
