/**
 * Damaged source files without end, into the readers of geodata (MMDB, xdb, ipdb, csv) and of our own geodata file. Fails on any
 * exception that is no GeodataError with a remedy, on a wrong table, on a reading that takes long, and on memory that grows.
 *
 *   node test/fuzz/geodata.fuzz.ts [seconds, 10] [--seed N]
 *
 * Prints the seed, and the one that failed: a run is repeated with --seed.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { mutate, mutationSubjects, readMutant } from '../support/geodata-mutants.ts'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' } } })
const seconds = Number(positionals[0] ?? 10)
const firstSeed = Number(values.seed ?? Date.now() % 0x7fffffff)
/** What a whole run may leave behind after collection. */
const MAX_GROWTH_BYTES = 32 * 1024 * 1024
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
/** Heap and buffers in use after collection; what streams hold is let go a moment after they end. */
async function bytesInUse(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    collect()
    await setTimeout(100)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const path = mkdtempSync(join(tmpdir(), 'nearcast-fuzz-'))
const write = (name: string, content: Uint8Array): string => {
  const file = join(path, name)
  writeFileSync(file, content)
  return file
}
process.stdout.write(`seed ${firstSeed}\n`)
let failed = 0
try {
  const subjects = mutationSubjects({ write })
  const share = (seconds * 1000) / subjects.length
  let warm: number | undefined
  for (const subject of subjects) {
    const endAt = performance.now() + share
    const counts = { read: 0, refused: 0, broken: 0 }
    for (let seed = firstSeed; performance.now() < endAt && counts.broken === 0; seed++) {
      // A mutant of a mutant now and then: damage that is deep.
      const once = mutate(subject.bytes, seed)
      const outcome = await readMutant(subject, seed % 3 === 0 ? mutate(once, seed + 1) : once)
      counts[outcome.kind]++
      if (outcome.kind === 'broken') process.stdout.write(`seed ${seed}: ${outcome.detail}\n`)
    }
    if (counts.broken > 0) failed++
    process.stdout.write(`${counts.broken > 0 ? 'not ok' : 'ok'} - ${subject.name}: ${counts.read} read, ${counts.refused} refused\n`)
    warm ??= await bytesInUse()
  }
  const growth = (await bytesInUse()) - (warm ?? 0)
  if (growth > MAX_GROWTH_BYTES) failed++
  process.stdout.write(`${growth > MAX_GROWTH_BYTES ? 'not ok' : 'ok'} - memory grew by ${Math.round(growth / 2 ** 20)} MB\n`)
} finally {
  rmSync(path, { recursive: true, force: true })
}
process.exitCode = failed > 0 ? 1 : 0
