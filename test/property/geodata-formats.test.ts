/**
 * Damaged source files: whatever is changed in an MMDB, xdb, ipdb, geodata or text file, reading it ends soon, either with ranges or with
 * a GeodataError that names the file, and never in more memory than the file calls for. Seeds are fixed: a find is repeated by its number.
 * `node test/fuzz/geodata.fuzz.ts` does the same without end.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutate, mutationSubjects, readMutant } from '../support/geodata-mutants.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** Mutants of each file. */
const MUTANTS = 250

for (const subject of mutationSubjects(temporaryFolder())) {
  test(`${subject.name}: ${MUTANTS} damaged files are read or refused`, async () => {
    let refused = 0
    for (let seed = 1; seed <= MUTANTS; seed++) {
      const outcome = await readMutant(subject, mutate(subject.bytes, seed))
      assert.notEqual(outcome.kind, 'broken', `seed ${seed}: ${outcome.detail}`)
      if (outcome.kind === 'refused') refused++
    }
    // A reader that refuses nothing checks nothing.
    assert.ok(refused > MUTANTS / 20, `${refused} refused`)
  })
}
