// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title A share token that counts time in blocks, which the registry cannot ask for a time
contract BlockToken is ERC20Votes {
    constructor() ERC20("Blocks", "BLK") EIP712("Blocks", "1") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
