// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IAggregatorV3} from "./interfaces/IAggregatorV3.sol";

/// @title NavOracle: a feed's answer as Morpho's markets want it
/// @dev Warning: without an answer that counts there is no price, so that nobody borrows and nobody is liquidated by a value that is
///      not proven. A lender bears what happens until the next proof.
contract NavOracle {
    IAggregatorV3 public immutable collateralFeed;
    /// @notice USD price of the loan token; none: a dollar.
    IAggregatorV3 public immutable loanFeed;
    /// @notice Seconds for which answers count here, whatever their feeds say.
    uint32 public immutable maxAge;

    uint256 private immutable _up;
    uint256 private immutable _down;

    error BadAnswer(IAggregatorV3 feed, int256 answer, uint256 updatedAt);

    constructor(
        IAggregatorV3 collateralFeed_,
        IERC20Metadata collateral,
        IAggregatorV3 loanFeed_,
        IERC20Metadata loan,
        uint32 maxAge_
    ) {
        (collateralFeed, loanFeed, maxAge) = (collateralFeed_, loanFeed_, maxAge_);
        uint8 loanFeedDecimals = address(loanFeed_) == address(0) ? 0 : loanFeed_.decimals();
        _up = 10 ** (36 + loan.decimals() + loanFeedDecimals);
        _down = 10 ** (uint256(collateral.decimals()) + collateralFeed_.decimals());
    }

    /// @notice Base units of the loan token that a base unit of the collateral is worth, scaled by 1e36, rounded down.
    function price() external view returns (uint256) {
        uint256 loan = address(loanFeed) == address(0) ? 1 : _answerOf(loanFeed);
        return Math.mulDiv(_answerOf(collateralFeed), _up, _down * loan);
    }

    function _answerOf(IAggregatorV3 feed) private view returns (uint256) {
        (, int256 answer,, uint256 updatedAt,) = feed.latestRoundData();
        bool isGood =
            answer > 0 && updatedAt != 0 && updatedAt <= block.timestamp && block.timestamp - updatedAt <= maxAge;
        require(isGood, BadAnswer(feed, answer, updatedAt));
        return uint256(answer);
    }
}
