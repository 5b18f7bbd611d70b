/**
 * Huge pages for the memory of a generation: a lookup among a million names reads half a dozen places that lie anywhere in 100 MB, and
 * with pages of 4 KB most of them miss the processor's address cache too (bench/scale.bench.ts measures it). Shell; Linux, where
 * /sys/kernel/mm/transparent_hugepage/enabled says `madvise` or `always`; elsewhere nothing happens.
 */
import { getLibc, libcUnavailable } from './libc.ts'

/** Size of a huge page on x86-64, and on arm64 with pages of 4 KB. */
const HUGE_PAGE_BYTES = 1n << 21n
const MADV_HUGEPAGE = 14

/** Asks for huge pages in fresh memory, before it is written to. */
export function preferHugePages(memory: SharedArrayBuffer): void {
  if (BigInt(memory.byteLength) < 2n * HUGE_PAGE_BYTES || libcUnavailable() !== undefined) return
  const libc = getLibc()
  const start = libc.address(new Uint8Array(memory))
  const first = (start + HUGE_PAGE_BYTES - 1n) & ~(HUGE_PAGE_BYTES - 1n)
  const end = (start + BigInt(memory.byteLength)) & ~(HUGE_PAGE_BYTES - 1n)
  // A refusal (a kernel without them) leaves the pages as they are: it costs speed, not answers.
  if (end > first) libc.madvise(first, end - first, MADV_HUGEPAGE)
}
