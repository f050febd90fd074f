// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

/// @dev Kinds of record: 0 cgm, 1 vitals, 2 motion, 3 image. In a mask, kind `k` is bit `1 << k`.
uint8 constant KIND_COUNT = 4;
uint8 constant ALL_KINDS = 15;

/// @dev Purposes a contributor can consent to, as bits of a mask.
uint8 constant PURPOSE_CARE = 1;
uint8 constant PURPOSE_TRAINING = 2;
uint8 constant PURPOSE_SALE = 4;
uint8 constant ALL_PURPOSES = PURPOSE_CARE | PURPOSE_TRAINING | PURPOSE_SALE;

/// @dev Multicodec codes a content digest can stand under in a CIDv1: one raw block, or the root
/// of a dag-pb tree.
uint8 constant CODEC_RAW = 0x55;
uint8 constant CODEC_DAG_PB = 0x70;

/// @dev First field of every event of ours; raised when a field changes its meaning.
uint8 constant EVENT_SCHEMA = 1;
