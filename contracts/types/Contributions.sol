// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {KIND_COUNT} from "./Vocabulary.sol";

/// @notice Everything a ContributionRegistry is deployed with; only the recorder can change later.
/// @param token The reward token; the registry must be its minter.
/// @param consents The consent registry asked before every registration.
/// @param operator Cold account that pauses, unpauses and proposes a recorder.
/// @param recorder Hot account that registers contributions and marks erasures.
/// @param rates Base units paid at quality 1, by kind.
/// @param dailyCap Most base units one contributor can be paid in one UTC day.
/// @param epochCap Most base units that all contributors together can be paid in one epoch.
/// @param epochLength Seconds per epoch; epoch `n` starts at Unix time `n * epochLength`.
struct Terms {
    address token;
    address consents;
    address operator;
    address recorder;
    uint64[KIND_COUNT] rates;
    uint64 dailyCap;
    uint56 epochCap;
    uint32 epochLength;
}

/// @notice What is stored per content digest, in one slot.
/// @param contributor Who contributed it; the zero address when nothing is registered.
/// @param registeredAt Second at which it was registered.
/// @param kind Kind of record.
/// @param codec Multicodec code of the CID that the digest belongs to.
/// @param erased Whether its erasure has been marked.
struct Record {
    address contributor;
    uint48 registeredAt;
    uint8 kind;
    uint8 codec;
    bool erased;
}

/// @notice What one contributor was paid on the latest day with a payment, in one slot.
/// @param day Days since Unix time 0, in UTC.
/// @param amount Base units paid on that day.
struct DailyEarnings {
    uint64 day;
    uint64 amount;
}

/// @notice What every registration reads and writes, in one slot.
/// @param recorder The hot account.
/// @param epoch The latest epoch with a payment.
/// @param minted Base units paid in that epoch.
/// @param paused Whether registering is stopped.
struct Desk {
    address recorder;
    uint32 epoch;
    uint56 minted;
    bool paused;
}
