// SPDX-License-Identifier: GPL-3.0-or-later
pragma solidity ^0.8.28;

/// What a Morpho Vault V2 asks its gate at a deposit.
interface ISendAssetsGate {
    function canSendAssets(address account) external view returns (bool);
}

contract MorphoVaultStandIn {
    ISendAssetsGate public gate;

    constructor(ISendAssetsGate gate_) {
        gate = gate_;
    }

    function deposit() external view {
        require(gate.canSendAssets(msg.sender), "cannot send assets");
    }
}

/// How an Euler vault installs a hook target, and calls it: with its own calldata and the caller behind it.
contract EulerVaultStandIn {
    address public hook;

    function setHook(address hook_) external {
        (bool ok, bytes memory answer) = hook_.call(abi.encodeWithSignature("isHookTarget()"));
        require(ok && bytes4(answer) == bytes4(keccak256("isHookTarget()")), "not a hook target");
        hook = hook_;
    }

    fallback() external {
        (bool ok, bytes memory reason) = hook.call(abi.encodePacked(msg.data, msg.sender));
        if (!ok) {
            assembly {
                revert(add(reason, 32), mload(reason))
            }
        }
    }
}

/// Euler's factory, which knows its vaults.
contract EulerFactoryStandIn {
    mapping(address => bool) public isProxy;

    function add(address vault) external {
        isProxy[vault] = true;
    }
}

/// A Lagoon vault: its valuation manager alone proposes what all assets are worth.
contract LagoonVaultStandIn {
    uint8 public constant decimals = 18;

    address public valuationManager;
    uint256 public newTotalAssets;
    uint256 public totalSupply;

    function mint(uint256 shares) external {
        totalSupply += shares;
    }

    function setValuationManager(address manager) external {
        valuationManager = manager;
    }

    function updateNewTotalAssets(uint256 value) external {
        require(msg.sender == valuationManager, "not the valuation manager");
        newTotalAssets = value;
    }
}

/// A module of a Safe, which does what it is told, and a place to which it sends.
contract ModuleStandIn {
    uint256 public opened;
    uint256 public closed;

    function run(address safe, address to, uint256 value, bytes calldata data, uint8 operation) external {
        (bool ok, bytes memory answer) = safe.call(
            abi.encodeWithSignature("execTransactionFromModule(address,uint256,bytes,uint8)", to, value, data, operation)
        );
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
        require(abi.decode(answer, (bool)), "the call failed");
    }

    function open() external payable {
        ++opened;
    }

    function close() external payable {
        ++closed;
    }
}
