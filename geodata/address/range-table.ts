/**
 * Sorted range tables: the one shape in which "address → small number" is kept (location index in a geodata file,
 * answer class in a policy). Pure types; building is in geodata/compile, reading in geodata/lookup/find-range.ts.
 *
 *   starts  0 ........ 1.0.0.0 ..... 1.0.1.0 ........      range r covers starts[r] .. starts[r+1]-1
 *   values  7          3             7                      the last one runs to the end of the address space
 *   index   for each value of the top `indexBits` bits: the number of the range that holds the first address of that slice
 *
 * Invariants (checkRangeTable): starts[0] is 0; starts strictly rise; neighbours differ in value;
 * index has 2^indexBits + 1 entries, the last is the last range number.
 */

/** A table over all IPv4 addresses. */
export type RangeTable4 = {
  /** First address of each range, as an unsigned 32-bit number. */
  readonly starts: Uint32Array
  /** What the range maps to. */
  readonly values: Uint32Array
  /** Range number that holds the first address of each slice; 2^indexBits + 1 entries. */
  readonly index: Uint32Array
  /** Bits of the first-level index, 0–16. */
  readonly indexBits: number
}

/** A table over all IPv6 addresses: four words a range start, most significant first. */
export type RangeTable6 = {
  /** First address of each range, interleaved: words 4r … 4r+3. */
  readonly starts: Uint32Array
  /** What the range maps to; its length is the number of ranges. */
  readonly values: Uint32Array
  /** Range number that holds the first address of each slice of the top bits; 2^indexBits + 1 entries. */
  readonly index: Uint32Array
  /** Bits of the first-level index, 0–16. */
  readonly indexBits: number
}
