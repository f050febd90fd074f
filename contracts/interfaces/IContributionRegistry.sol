// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

/// @title IContributionRegistry
/// @notice Anchors contributions, one by one, by the content digest of their ciphertext, and pays
/// the contributor in the same transaction.
///
/// The recorder, a hot account of the service, says what was contributed and how good it is. The
/// contract holds it to the contributor's consent, to one registration per digest, to a schedule of
/// rates and to two caps, all of them fixed at deployment. The operator, a cold account, can stop
/// registering and appoint another recorder in two steps; it can do nothing else. The deployer has
/// no role.
///
/// Assumed about the outside:
/// - `token` is a RewardToken whose minter is this contract. It calls nobody back.
/// - `consents` is a ConsentRegistry; its view is called before any state changes.
/// - `quality`, and that the digest belongs to a record of that kind by that contributor, are the
///   recorder's claims: the contract cannot see the record. What a wrong claim can cost is bounded
///   by `rateOf(kind)` per record, by the caps, and by the need of the contributor's consent.
/// - `block.timestamp` decides consent, day and epoch; a proposer may shift it by seconds. Epochs
///   are counted in 32 bits, enough until the year 2106 with epochs of one second.
interface IContributionRegistry {
    /*//////////////////////////////////////////////////////////////////////////
                                       EVENTS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice A contribution was anchored, and `reward` base units were minted to its contributor.
    /// @param schemaVersion Version of this event's meaning.
    /// @param digest SHA-256 multihash digest of the ciphertext's CID.
    /// @param contributor Who contributed and was paid.
    /// @param kind Kind of record: 0 cgm, 1 vitals, 2 motion, 3 image.
    /// @param codec Multicodec code of the CID: 0x55 raw, 0x70 dag-pb.
    /// @param quality The recorder's claim, in basis points.
    /// @param reward Base units minted; 0 when the consent in force did not cover training.
    event ContributionRegistered(
        uint8 schemaVersion,
        bytes32 indexed digest,
        address indexed contributor,
        uint8 indexed kind,
        uint8 codec,
        uint16 quality,
        uint64 reward
    );

    /// @notice A contribution was marked as erased; the mark stays for ever.
    /// @param schemaVersion Version of this event's meaning.
    /// @param digest Its digest, which can never be registered again.
    /// @param contributor Who had contributed it.
    event ContributionErased(uint8 schemaVersion, bytes32 indexed digest, address indexed contributor);

    /// @notice Registering was stopped.
    event Paused(uint8 schemaVersion, address account);

    /// @notice Registering was allowed again.
    event Unpaused(uint8 schemaVersion, address account);

    /// @notice Someone was proposed as recorder, or the proposal withdrawn (`proposed` is zero).
    event RecorderProposed(uint8 schemaVersion, address indexed current, address indexed proposed);

    /// @notice The recorder changed; at deployment `previous` is zero.
    event RecorderChanged(uint8 schemaVersion, address indexed previous, address indexed current);

    /*//////////////////////////////////////////////////////////////////////////
                                       ERRORS
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Thrown at deployment when token, consents, operator or recorder is the zero address.
    error ContributionRegistry_AddressZero();

    /// @notice Thrown at deployment when a cap is zero, so that nothing could ever be paid.
    error ContributionRegistry_CapZero();

    /// @notice Thrown at deployment when epochs would have no length.
    error ContributionRegistry_EpochLengthZero();

    /// @notice Thrown when anyone but the recorder registers.
    error ContributionRegistry_CallerNotRecorder(address caller);

    /// @notice Thrown when anyone but the operator pauses, unpauses or proposes a recorder.
    error ContributionRegistry_CallerNotOperator(address caller);

    /// @notice Thrown when anyone but the proposed recorder accepts.
    error ContributionRegistry_CallerNotProposedRecorder(address caller);

    /// @notice Thrown when an erasure is marked by neither the recorder nor the contributor.
    error ContributionRegistry_CallerNotRecorderNorContributor(address caller);

    /// @notice Thrown when registering while paused.
    error ContributionRegistry_Paused();

    /// @notice Thrown when pausing while paused.
    error ContributionRegistry_AlreadyPaused();

    /// @notice Thrown when unpausing while not paused.
    error ContributionRegistry_NotPaused();

    /// @notice Thrown when the digest is zero.
    error ContributionRegistry_DigestEmpty();

    /// @notice Thrown when the codec is neither raw nor dag-pb.
    error ContributionRegistry_CodecUnknown(uint8 codec);

    /// @notice Thrown when the kind is not in the schedule.
    error ContributionRegistry_KindUnknown(uint8 kind);

    /// @notice Thrown when the quality is above 10,000 basis points.
    error ContributionRegistry_QualityOutOfRange(uint16 quality);

    /// @notice Thrown when the digest was registered before, erased since or not.
    error ContributionRegistry_AlreadyRegistered(bytes32 digest);

    /// @notice Thrown when the contributor has no consent in force for this kind.
    error ContributionRegistry_ConsentNotInForce(address contributor, uint8 kind);

    /// @notice Thrown when the contributor would be paid more today than the daily cap.
    error ContributionRegistry_DailyCapExceeded(address contributor, uint256 wouldBe, uint256 cap);

    /// @notice Thrown when all contributors would be paid more in this epoch than the epoch cap.
    error ContributionRegistry_EpochCapExceeded(uint256 epoch, uint256 wouldBe, uint256 cap);

    /// @notice Thrown when the digest to be marked as erased was never registered.
    error ContributionRegistry_NotRegistered(bytes32 digest);

    /// @notice Thrown when the digest is already marked as erased.
    error ContributionRegistry_AlreadyErased(bytes32 digest);

    /*//////////////////////////////////////////////////////////////////////////
                                    STATE-CHANGING
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice Anchors one contribution and mints its reward,
    /// `rateOf(kind) * quality / 10000` rounded down, or 0 when the consent does not cover training.
    /// @dev Emits {ContributionRegistered}. Checked in this order: caller, pause, digest, codec,
    /// kind, quality, digest not registered before, consent in force, daily cap, epoch cap. A
    /// contribution that is not paid counts against no cap and calls no mint.
    /// @param digest SHA-256 multihash digest of the ciphertext's CID.
    /// @param codec Multicodec code of the CID: 0x55 raw, 0x70 dag-pb.
    /// @param kind Kind of record: 0 cgm, 1 vitals, 2 motion, 3 image.
    /// @param contributor Who contributed it.
    /// @param quality Basis points, 0 to 10,000.
    function register(bytes32 digest, uint8 codec, uint8 kind, address contributor, uint16 quality) external;

    /// @notice Marks a contribution as erased. Cannot be paused, and cannot be undone.
    /// @dev Emits {ContributionErased}.
    function markErased(bytes32 digest) external;

    /// @notice Stops registering, and nothing else; only the operator may.
    /// @dev Emits {Paused}.
    function pause() external;

    /// @notice Allows registering again; only the operator may.
    /// @dev Emits {Unpaused}.
    function unpause() external;

    /// @notice Proposes another recorder, in place of any earlier proposal; only the operator may.
    /// The present recorder stays until the proposed one accepts.
    /// @dev Emits {RecorderProposed}.
    /// @param next The proposed recorder; the zero address withdraws the proposal.
    function proposeRecorder(address next) external;

    /// @notice Makes the caller the recorder; only the proposed one may.
    /// @dev Emits {RecorderChanged}.
    function acceptRecorder() external;

    /*//////////////////////////////////////////////////////////////////////////
                                      READ-ONLY
    //////////////////////////////////////////////////////////////////////////*/

    /// @notice What is registered under a digest; zeros when nothing is.
    function recordOf(
        bytes32 digest
    ) external view returns (address contributor, uint8 kind, uint8 codec, uint48 registeredAt, bool erased);

    /// @notice Base units the contributor was paid in the present UTC day.
    function mintedToday(address contributor) external view returns (uint256 amount);

    /// @notice Base units all contributors were paid in the present epoch.
    function epochMinted() external view returns (uint256 amount);

    /// @notice Number of the present epoch, `block.timestamp / epochLength`.
    function currentEpoch() external view returns (uint256 epoch);

    /// @notice Base units paid for a record of this kind at quality 1.
    /// @dev Reverts with {ContributionRegistry_KindUnknown} for a kind that is not in the schedule.
    function rateOf(uint8 kind) external view returns (uint64 rate);

    /// @notice Most base units one contributor can be paid in one UTC day.
    function dailyCap() external view returns (uint64);

    /// @notice Most base units all contributors together can be paid in one epoch.
    function epochCap() external view returns (uint56);

    /// @notice Seconds per epoch.
    function epochLength() external view returns (uint32);

    /// @notice The account that registers.
    function recorder() external view returns (address);

    /// @notice The account that may become recorder by accepting; zero when none.
    function proposedRecorder() external view returns (address);

    /// @notice The account that pauses and proposes.
    function operator() external view returns (address);

    /// @notice Whether registering is stopped.
    function paused() external view returns (bool);

    /// @notice The reward token.
    function token() external view returns (address);

    /// @notice The consent registry.
    function consents() external view returns (address);
}
