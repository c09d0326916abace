// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {MockHealthRegistry} from "@keel/contracts/test/MockHealthRegistry.sol";
