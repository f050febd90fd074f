// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.24;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IRewardToken
/// @notice The ERC-20 token (6 decimals) that contributors are paid in; the contract also takes
/// ERC-2612 permits.
///
/// It comes into being only through `minter`, fixed at deployment: there is no owner, no pause, no
/// other minter and no initial supply.
///
/// Assumed about the outside: `minter` is a ContributionRegistry, which holds every payment to its
/// schedule and caps. The token itself limits no amount.
interface IRewardToken is IERC20 {
    /// @notice Thrown when the token would be deployed with nobody to mint it.
    error RewardToken_MinterZero();

    /// @notice Thrown when anyone but the minter mints.
    error RewardToken_CallerNotMinter(address caller);

    /// @notice Creates `amount` base units for `to`; only the minter may.
    /// @dev Emits {IERC20-Transfer} from the zero address.
    function mint(address to, uint256 amount) external;

    /// @notice The only account that can mint.
    function minter() external view returns (address);
}
