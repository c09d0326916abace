// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.24;

import { ERC20 } from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import { IERC20 } from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import { ERC4626 } from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";

/// A token that anybody can mint.
contract Coin is ERC20 {
    uint8 private immutable _places;

    constructor(string memory symbol, uint8 places) ERC20(symbol, symbol) {
        _places = places;
    }

    function decimals() public view override returns (uint8) {
        return _places;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// OpenZeppelin's vault.
contract Vault is ERC4626 {
    constructor(IERC20 asset) ERC20("vault", "v") ERC4626(asset) {}
}

/// The views of a Compound III market, with interest by the second.
contract CometStandIn {
    struct AssetInfo {
        uint8 offset;
        address asset;
        address priceFeed;
        uint64 scale;
        uint64 borrowCollateralFactor;
        uint64 liquidateCollateralFactor;
        uint64 liquidationFactor;
        uint128 supplyCap;
    }
    struct UserCollateral {
        uint128 balance;
        uint128 reserved;
    }

    event Withdraw(address indexed src, address indexed to, uint256 amount);

    address public baseToken;
    address private _asset;
    uint64 private _factor;
    uint256 private immutable _start = block.timestamp;
    mapping(address => uint256) public lent;
    mapping(address => uint256) public principal;
    mapping(address => uint128) private _collateral;

    constructor(address base, address asset, uint64 factor) {
        (baseToken, _asset, _factor) = (base, asset, factor);
    }

    function set(address account, uint256 supplied, uint256 owed, uint128 collateral) external {
        (lent[account], principal[account], _collateral[account]) = (supplied, owed, collateral);
        emit Withdraw(account, account, owed);
    }

    function decimals() external pure returns (uint8) {
        return 6;
    }

    function balanceOf(address account) external view returns (uint256) {
        return lent[account];
    }

    /// One part in 1e9 a second.
    function borrowBalanceOf(address account) external view returns (uint256) {
        uint256 owed = principal[account];
        return owed + (owed * (block.timestamp - _start)) / 1e9;
    }

    function numAssets() external pure returns (uint8) {
        return 1;
    }

    function getAssetInfo(uint8) external view returns (AssetInfo memory) {
        return AssetInfo(0, _asset, address(0), 1e18, _factor - 1e16, _factor, 9e17, type(uint128).max);
    }

    function userCollateral(address account, address) external view returns (UserCollateral memory) {
        return UserCollateral(_collateral[account], 0);
    }
}

/// A Compound v2 market and its comptroller in one.
contract CompoundStandIn {
    uint256 private _owed;

    constructor(uint256 owed) {
        _owed = owed;
    }

    function decimals() external pure returns (uint8) {
        return 8;
    }

    function balanceOf(address) external pure returns (uint256) {
        return 5e8;
    }

    function exchangeRateStored() external pure returns (uint256) {
        return 2e26;
    }

    function borrowBalanceStored(address) external view returns (uint256) {
        return _owed;
    }

    function getAssetsIn(address) external view returns (address[] memory markets) {
        markets = new address[](1);
        markets[0] = address(this);
    }
}

/// A pool's sum of debts, as versions 2 and 3 of Aave give it.
contract AccountDataStandIn {
    function getUserAccountData(address) external pure returns (uint256, uint256, uint256, uint256, uint256, uint256) {
        return (5, 7, 0, 0, 0, 0);
    }
}

/// A pool that keeps its books like another one, but for e-modes of version 3.2 or sums of its own.
contract PoolStandIn {
    address private immutable _pool;
    uint16 private immutable _threshold;
    uint128 private immutable _map;
    uint256 private immutable _told;
    uint256 private immutable _debtPercent;

    /// `threshold` and `map` are the category's; `told` is the average threshold that the pool claims.
    constructor(address pool, uint16 threshold, uint128 map, uint256 told, uint256 debtPercent) {
        (_pool, _threshold, _map, _told, _debtPercent) = (pool, threshold, map, told, debtPercent);
    }

    struct CollateralConfig {
        uint16 ltv;
        uint16 liquidationThreshold;
        uint16 liquidationBonus;
    }

    function getUserEMode(address) external view returns (uint256) {
        return _threshold == 0 ? 0 : 1;
    }

    function getEModeCategoryCollateralConfig(uint8) external view returns (CollateralConfig memory) {
        return CollateralConfig(_threshold - 100, _threshold, 10_100);
    }

    function getEModeCategoryCollateralBitmap(uint8) external view returns (uint128) {
        return _map;
    }

    function getUserAccountData(address user)
        external
        returns (uint256 a, uint256 b, uint256 c, uint256 d, uint256 e, uint256 f)
    {
        (, bytes memory data) = _pool.call(abi.encodeWithSignature("getUserAccountData(address)", user));
        (a, b, c, d, e, f) = abi.decode(data, (uint256, uint256, uint256, uint256, uint256, uint256));
        (b, d) = ((b * _debtPercent) / 100, _told == 0 ? d : _told);
    }

    fallback(bytes calldata input) external returns (bytes memory output) {
        (, output) = _pool.call(input);
    }
}

/// A price feed with Chainlink's interface.
contract FeedStandIn {
    uint8 public immutable decimals;
    int256 private _answer;
    uint256 private _updatedAt;
    uint80 private _round = 1;
    uint80 private _answeredIn = 1;

    constructor(uint8 places, int256 answer, uint256 updatedAt) {
        (decimals, _answer, _updatedAt) = (places, answer, updatedAt);
    }

    function set(int256 answer, uint256 updatedAt, uint80 round, uint80 answeredIn) external {
        (_answer, _updatedAt, _round, _answeredIn) = (answer, updatedAt, round, answeredIn);
    }

    function description() external pure returns (string memory) {
        return "ETH / USD";
    }

    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_round, _answer, _updatedAt, _updatedAt, _answeredIn);
    }
}

/// What Morpho says after it has taken the interest up to the block.
interface IMorphoBook {
    struct MarketParams {
        address loanToken;
        address collateralToken;
        address oracle;
        address irm;
        uint256 lltv;
    }

    function accrueInterest(MarketParams memory params) external;

    function market(bytes32 id) external view returns (uint128, uint128, uint128, uint128, uint128, uint128);

    function position(bytes32 id, address user) external view returns (uint256, uint128, uint128);
}

contract MorphoReader {
    /// Supply rounded down, debt rounded up, and the time at which they are so.
    function assets(IMorphoBook morpho, IMorphoBook.MarketParams memory params, address user)
        external
        returns (uint256 supplied, uint256 owed, uint256 time)
    {
        morpho.accrueInterest(params);
        bytes32 id = keccak256(abi.encode(params));
        (uint256 supplyAssets, uint256 supplyShares, uint256 borrowAssets, uint256 borrowShares,,) = morpho.market(id);
        (uint256 shares, uint128 debt,) = morpho.position(id, user);
        supplied = (shares * (supplyAssets + 1)) / (supplyShares + 1e6);
        owed = (debt * (borrowAssets + 1) + borrowShares + 1e6 - 1) / (borrowShares + 1e6);
        time = block.timestamp;
    }
}

/// Answers calls by their whole data, as HyperEVM's precompiles do, and fails for what it was not told.
contract AnswerStandIn {
    mapping(bytes32 => bytes) private _answers;

    function put(bytes calldata key, bytes calldata value) external {
        _answers[keccak256(key)] = value;
    }

    fallback(bytes calldata key) external returns (bytes memory answer) {
        answer = _answers[keccak256(key)];
        require(answer.length > 0, "precompile error");
    }
}
