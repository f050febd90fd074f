// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {IConsentRegistry} from "./interfaces/IConsentRegistry.sol";
import {IContributionRegistry} from "./interfaces/IContributionRegistry.sol";
import {IRewardToken} from "./interfaces/IRewardToken.sol";
import {DailyEarnings, Desk, Record, Terms} from "./types/Contributions.sol";
import {CODEC_DAG_PB, CODEC_RAW, EVENT_SCHEMA, KIND_COUNT, PURPOSE_TRAINING} from "./types/Vocabulary.sol";

/// @title ContributionRegistry
/// @notice See {IContributionRegistry}.
contract ContributionRegistry is IContributionRegistry {
    uint256 private constant FULL_QUALITY = 10_000;

    /// @inheritdoc IContributionRegistry
    address public immutable token;
    /// @inheritdoc IContributionRegistry
    address public immutable consents;
    /// @inheritdoc IContributionRegistry
    address public immutable operator;
    /// @inheritdoc IContributionRegistry
    uint64 public immutable dailyCap;
    /// @inheritdoc IContributionRegistry
    uint56 public immutable epochCap;
    /// @inheritdoc IContributionRegistry
    uint32 public immutable epochLength;
    /// @dev Four rates of 64 bits, kind 0 lowest: arrays cannot be immutable.
    uint256 private immutable _rates;

    Desk private _desk;
    mapping(bytes32 digest => Record) private _records;
    mapping(address contributor => DailyEarnings) private _earnings;

    /// @inheritdoc IContributionRegistry
    address public proposedRecorder;

    modifier onlyOperator() {
        if (msg.sender != operator) revert ContributionRegistry_CallerNotOperator(msg.sender);
        _;
    }

    constructor(Terms memory terms) {
        // Check
        if (
            terms.token == address(0) ||
            terms.consents == address(0) ||
            terms.operator == address(0) ||
            terms.recorder == address(0)
        ) revert ContributionRegistry_AddressZero();
        if (terms.dailyCap == 0 || terms.epochCap == 0) revert ContributionRegistry_CapZero();
        if (terms.epochLength == 0) revert ContributionRegistry_EpochLengthZero();

        // Effect
        token = terms.token;
        consents = terms.consents;
        operator = terms.operator;
        dailyCap = terms.dailyCap;
        epochCap = terms.epochCap;
        epochLength = terms.epochLength;
        uint256 packed = 0;
        for (uint256 kind = 0; kind < KIND_COUNT; ++kind) packed |= uint256(terms.rates[kind]) << (64 * kind);
        _rates = packed;
        _desk.recorder = terms.recorder;
        emit RecorderChanged({schemaVersion: EVENT_SCHEMA, previous: address(0), current: terms.recorder});
    }

    /*//////////////////////////////////////////////////////////////////////////
                                    STATE-CHANGING
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc IContributionRegistry
    function register(bytes32 digest, uint8 codec, uint8 kind, address contributor, uint16 quality) external {
        Desk storage desk = _desk;

        // Check
        if (msg.sender != desk.recorder) revert ContributionRegistry_CallerNotRecorder(msg.sender);
        if (desk.paused) revert ContributionRegistry_Paused();
        if (digest == 0) revert ContributionRegistry_DigestEmpty();
        if (codec != CODEC_RAW && codec != CODEC_DAG_PB) revert ContributionRegistry_CodecUnknown(codec);
        uint64 rate = rateOf(kind);
        if (quality > FULL_QUALITY) revert ContributionRegistry_QualityOutOfRange(quality);
        if (_records[digest].contributor != address(0)) revert ContributionRegistry_AlreadyRegistered(digest);
        uint8 purposes = IConsentRegistry(consents).purposesInForce(contributor, kind);
        if (purposes == 0) revert ContributionRegistry_ConsentNotInForce(contributor, kind);
        uint64 reward = purposes & PURPOSE_TRAINING == 0 ? 0 : uint64((rate * uint256(quality)) / FULL_QUALITY);
        uint64 paidToday = _withinDailyCap(contributor, reward);
        uint56 paidThisEpoch = _withinEpochCap(desk.epoch, desk.minted, reward);

        // Effect
        _records[digest] = Record({
            contributor: contributor,
            registeredAt: uint48(block.timestamp),
            kind: kind,
            codec: codec,
            erased: false
        });
        if (reward != 0) {
            _earnings[contributor] = DailyEarnings({day: uint64(block.timestamp / 1 days), amount: paidToday});
            _desk = Desk({recorder: msg.sender, epoch: uint32(currentEpoch()), minted: paidThisEpoch, paused: false});
        }
        emit ContributionRegistered({
            schemaVersion: EVENT_SCHEMA,
            digest: digest,
            contributor: contributor,
            kind: kind,
            codec: codec,
            quality: quality,
            reward: reward
        });

        // Interaction
        if (reward != 0) IRewardToken(token).mint(contributor, reward);
    }

    /// @inheritdoc IContributionRegistry
    function markErased(bytes32 digest) external {
        Record storage record = _records[digest];
        address contributor = record.contributor;

        // Check
        if (contributor == address(0)) revert ContributionRegistry_NotRegistered(digest);
        if (record.erased) revert ContributionRegistry_AlreadyErased(digest);
        if (msg.sender != contributor && msg.sender != _desk.recorder) {
            revert ContributionRegistry_CallerNotRecorderNorContributor(msg.sender);
        }

        // Effect
        record.erased = true;
        emit ContributionErased({schemaVersion: EVENT_SCHEMA, digest: digest, contributor: contributor});
    }

    /// @inheritdoc IContributionRegistry
    function pause() external onlyOperator {
        // Check
        if (_desk.paused) revert ContributionRegistry_AlreadyPaused();

        // Effect
        _desk.paused = true;
        emit Paused({schemaVersion: EVENT_SCHEMA, account: msg.sender});
    }

    /// @inheritdoc IContributionRegistry
    function unpause() external onlyOperator {
        // Check
        if (!_desk.paused) revert ContributionRegistry_NotPaused();

        // Effect
        _desk.paused = false;
        emit Unpaused({schemaVersion: EVENT_SCHEMA, account: msg.sender});
    }

    /// @inheritdoc IContributionRegistry
    function proposeRecorder(address next) external onlyOperator {
        // Effect
        proposedRecorder = next;
        emit RecorderProposed({schemaVersion: EVENT_SCHEMA, current: _desk.recorder, proposed: next});
    }

    /// @inheritdoc IContributionRegistry
    function acceptRecorder() external {
        // Check
        if (msg.sender != proposedRecorder) revert ContributionRegistry_CallerNotProposedRecorder(msg.sender);

        // Effect
        address previous = _desk.recorder;
        _desk.recorder = msg.sender;
        proposedRecorder = address(0);
        emit RecorderChanged({schemaVersion: EVENT_SCHEMA, previous: previous, current: msg.sender});
    }

    /*//////////////////////////////////////////////////////////////////////////
                                      READ-ONLY
    //////////////////////////////////////////////////////////////////////////*/

    /// @inheritdoc IContributionRegistry
    function recordOf(
        bytes32 digest
    ) external view returns (address contributor, uint8 kind, uint8 codec, uint48 registeredAt, bool erased) {
        Record memory record = _records[digest];
        return (record.contributor, record.kind, record.codec, record.registeredAt, record.erased);
    }

    /// @inheritdoc IContributionRegistry
    function mintedToday(address contributor) external view returns (uint256 amount) {
        return _withinDailyCap(contributor, 0);
    }

    /// @inheritdoc IContributionRegistry
    function epochMinted() external view returns (uint256 amount) {
        return _withinEpochCap(_desk.epoch, _desk.minted, 0);
    }

    /// @inheritdoc IContributionRegistry
    function currentEpoch() public view returns (uint256 epoch) {
        return block.timestamp / epochLength;
    }

    /// @inheritdoc IContributionRegistry
    function rateOf(uint8 kind) public view returns (uint64 rate) {
        if (kind >= KIND_COUNT) revert ContributionRegistry_KindUnknown(kind);
        return uint64(_rates >> (64 * uint256(kind)));
    }

    /// @inheritdoc IContributionRegistry
    function recorder() external view returns (address) {
        return _desk.recorder;
    }

    /// @inheritdoc IContributionRegistry
    function paused() external view returns (bool) {
        return _desk.paused;
    }

    /*//////////////////////////////////////////////////////////////////////////
                                       INTERNAL
    //////////////////////////////////////////////////////////////////////////*/

    /// @dev What the contributor has been paid today once `reward` is added, or a refusal.
    function _withinDailyCap(address contributor, uint64 reward) private view returns (uint64) {
        DailyEarnings storage earnings = _earnings[contributor];
        uint256 total = (earnings.day == block.timestamp / 1 days ? earnings.amount : 0) + uint256(reward);
        if (total > dailyCap) revert ContributionRegistry_DailyCapExceeded(contributor, total, dailyCap);
        return uint64(total);
    }

    /// @dev What everybody has been paid in the present epoch once `reward` is added, or a refusal.
    function _withinEpochCap(uint32 paidEpoch, uint56 paid, uint64 reward) private view returns (uint56) {
        uint256 epoch = currentEpoch();
        uint256 total = (paidEpoch == epoch ? paid : 0) + uint256(reward);
        if (total > epochCap) revert ContributionRegistry_EpochCapExceeded(epoch, total, epochCap);
        return uint56(total);
    }
}
