// SPDX-License-Identifier: GPL-3.0-or-later
/**
 * Rows of expected.json: which exit code each command gives for which files.
 *
 * @module
 */

/** Files relative to examples/; an exit code for each command that the row is about. */
export interface ExpectedRow {
  readonly snapshot?: string;
  readonly market: string;
  readonly policy: string;
  readonly returns?: string;
  readonly liquidity?: string;
  readonly units?: string;
  /**
   * What `verify` is given; absent: the attestation that `prove` makes of this row, or of the first row when this one
   * cannot be proven.
   */
  readonly attestation?: string;
  readonly check?: number;
  readonly prove?: number;
  readonly verify?: number;
  /** True for tiers whose keys take too long to make for the default tests; proven in the slow suite. */
  readonly slow?: true;
  /** Code of the error that the failing commands report. */
  readonly code?: string;
  /** Limits that the snapshot breaks. */
  readonly breaks?: readonly string[];
}
