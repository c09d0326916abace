// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title A Groth16 verifier for one circuit and one key, with the three public inputs of a Keel statement
/// @notice Generated from a verification key; holds no state and no owner.
interface IGroth16Verifier {
    /// @notice Whether `proof` is valid for `inputs`. Never reverts on bad values: it returns false.
    /// @param proof A.x, A.y, B.x.c1, B.x.c0, B.y.c1, B.y.c0, C.x, C.y (c1 is the imaginary part), each below q.
    /// @param inputs The statement commitment c, the point x and the value y, each below r.
    /// @dev Warning: with too little gas for the pairing the answer is false too; a caller that acts on the answer must
    ///      revert on it, and gas must not be estimated on this function alone.
    ///      Warning: Groth16 proofs can be re-randomised. Never use a proof's bytes as an identifier.
    function verify(uint256[8] calldata proof, uint256[3] calldata inputs) external view returns (bool);

    /// @notice Whether all of `proofs` are valid, each for its row of `inputs`, by one random linear combination. False for
    ///         an empty batch and for lists of different lengths.
    /// @dev A false proof passes with a chance of 2^-128 for each hash tried. Gas as for `verify`.
    function verifyBatch(uint256[8][] calldata proofs, uint256[3][] calldata inputs) external view returns (bool);

    /// @notice What this proof adds to a product of pairings that is made for several keys of one `base`: r times the equation of
    ///         `verify`. Ten and four words: r L, then the pairs (r A, B) and (r C, -delta).
    /// @param r Drawn when all proofs and inputs are fixed.
    /// @return ok False for values out of range and points off the curve: the words are then nothing.
    function part(uint256[8] calldata proof, uint256[3] calldata inputs, uint256 r)
        external
        view
        returns (bool ok, uint256[14] memory words);

    /// @notice Whether the product of this proof's equation and the others' is one. With fresh random numbers a false proof among
    ///         them passes with a chance of 2^-128.
    /// @param sum 1 and the others' r, modulo the group's order.
    /// @param others What their `part` gave. Warning: nothing is checked of it; take it from verifiers that you trust alone.
    function verifyWith(
        uint256[8] calldata proof,
        uint256[3] calldata inputs,
        uint256 sum,
        uint256[14][] calldata others
    ) external view returns (bool);

    /// @notice keccak256 of the key's alpha, beta and gamma: equal for the keys of circuits from one powers of tau.
    function base() external view returns (bytes32);

    /// @notice keccak256 of the circuit's name, for example "portfolio-health/spot-16".
    function circuit() external view returns (bytes32);

    /// @notice Whether the key's secrets are known (a development key): anybody can then forge proofs.
    function insecure() external view returns (bool);

    /// @notice The key's gamma in G2: x.c1, x.c0, y.c1, y.c0.
    function gammaG2() external view returns (uint256[4] memory);

    /// @notice The key's delta in G2, laid out as gamma. Equal to gamma when nobody contributed to the key.
    function deltaG2() external view returns (uint256[4] memory);
}
