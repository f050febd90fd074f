// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

import {IRewardToken} from "./interfaces/IRewardToken.sol";

/// @title RewardToken
/// @notice See {IRewardToken}.
contract RewardToken is ERC20, ERC20Permit, IRewardToken {
    /// @inheritdoc IRewardToken
    address public immutable minter;

    constructor(address minter_) ERC20("VitalMint Reward", "VMR") ERC20Permit("VitalMint Reward") {
        if (minter_ == address(0)) revert RewardToken_MinterZero();
        minter = minter_;
    }

    /// @inheritdoc IRewardToken
    function mint(address to, uint256 amount) external {
        // Check
        if (msg.sender != minter) revert RewardToken_CallerNotMinter(msg.sender);

        // Effect
        _mint(to, amount);
    }

    /// @notice 6, so that an amount fits the 64-bit integers of the database.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
