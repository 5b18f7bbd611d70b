/** Differences of zones, the journal's bounds, and the journal on disk. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { createJournal, stepsBetween } from '../../../../resolver/transfer/journal.ts'
import { loadJournal, saveJournal } from '../../../../resolver/transfer/journal-file.ts'
import { cursorOfPack } from '../../../../resolver/transfer/record-cursor.ts'
import { isLaterSerial } from '../../../../resolver/transfer/serial.ts'
import { condenseDiffs, diffZone, type ZoneDiff } from '../../../../resolver/transfer/zone-diff.ts'
import { findZone, walkZone } from '../../../../resolver/transfer/zone-walk.ts'
import { parseName } from '../../../../resolver/wire/name.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { snapshotOf, textsOf, zoneText } from '../../../support/transfer-subject.ts'

const APEX = parseName('z.test.')
type Records = Parameters<typeof zoneText>[2]

const version = (serial: number, records: Records) => snapshotOf(zoneText('z.test.', serial, records))
const contentOf = (snapshot: ReturnType<typeof version>) => textsOf(walkZone(snapshot, findZone(snapshot.zones, APEX)))

function applied(content: readonly string[], diff: ZoneDiff): string[] {
  const left = new Set(content)
  for (const text of textsOf(cursorOfPack(diff.removed))) assert.ok(left.delete(text), `${text} is removed and was not there`)
  for (const text of textsOf(cursorOfPack(diff.added))) {
    assert.ok(!left.has(text), `${text} is added and was there`)
    left.add(text)
  }
  return [...left].sort()
}

const records: fc.Arbitrary<Records> = fc.array(
  fc.tuple(
    fc.constantFrom('a', 'b', 'a.b', '*.b', 'ab', 'c.a'),
    fc.constantFrom('A', 'TXT'),
    fc.nat(3).map((number) => `192.0.2.${number}`),
    fc.constantFrom(300, 60),
  ),
  { maxLength: 12 },
)

test('a difference turns one version into the next; several condensed into one do the same', () => {
  fc.assert(
    fc.property(fc.array(records, { minLength: 2, maxLength: 5 }), (contents) => {
      const big: Records = Array.from({ length: 40 }, (_, number) => [`fill-${number}`, 'A', '192.0.2.1'] as const)
      const versions = contents.map((content, number) => version(number + 1, [...big, ...content]))
      const steps: ZoneDiff[] = []
      for (let number = 1; number < versions.length; number++) {
        const diff = diffZone(versions[number - 1]!, versions[number]!, APEX, 1 << 20)
        assert.ok(typeof diff === 'object')
        assert.deepEqual(applied(contentOf(versions[number - 1]!), diff), contentOf(versions[number]!).sort())
        steps.push(diff)
      }
      const condensed = condenseDiffs(steps)!
      assert.deepEqual([condensed.fromSerial, condensed.toSerial], [1, versions.length])
      assert.deepEqual(applied(contentOf(versions[0]!), condensed), contentOf(versions.at(-1)!).sort())
    }),
    { numRuns: 40 },
  )
})

test('names in rdata are in one order whatever their letters, as both versions are walked', () => {
  const given = ['m2', 'M1', 'm3', 'M4'].map((target) => ['p', 'PTR', target] as const)
  const diff = diffZone(version(1, given), version(2, [...given.slice(1), ['p', 'PTR', 'M5']]), APEX, 1 << 20)
  assert.ok(typeof diff === 'object')
  assert.deepEqual([textsOf(cursorOfPack(diff.removed)).length, textsOf(cursorOfPack(diff.added)).length], [1, 1])
})

test('no difference is kept when the serial is the same, went back, or the difference is larger than the zone', () => {
  const one = version(5, [['a', 'A', '192.0.2.1']])
  assert.equal(diffZone(one, version(5, [['a', 'A', '192.0.2.2']]), APEX, 1 << 20), 'same')
  assert.equal(diffZone(one, version(4, []), APEX, 1 << 20), 'none')
  const many = Array.from({ length: 50 }, (_, number) => [`h${number}`, 'A', '192.0.2.1'] as const)
  assert.equal(diffZone(version(1, many), version(2, []), APEX, 1 << 20), 'none')
  assert.equal(diffZone(version(1, many), version(2, [...many, ['x', 'A', '192.0.2.1']]), APEX, 10), 'none')
  assert.equal(diffZone(snapshotOf(zoneText('other.test.', 1, [])), one, APEX, 1 << 20), 'none')
})

test('serials are compared on their circle', () => {
  assert.equal(isLaterSerial(1, 0xffffffff), true)
  assert.equal(isLaterSerial(0xffffffff, 1), false)
  assert.equal(isLaterSerial(5, 5), false)
  assert.equal(isLaterSerial(0x80000000, 0), false)
})

const padding: Records = Array.from({ length: 40 }, (_, number) => [`fill-${number}`, 'A', '192.0.2.1'] as const)
const numbered = (serial: number) => version(serial, [...padding, ['n', 'TXT', String(serial)]])

test('the journal keeps a chain of steps, drops it when it breaks, forgets zones that may not be transferred, and is bounded', () => {
  const journal = createJournal()
  assert.deepEqual(journal.note(undefined, numbered(1), [APEX]), [APEX])
  for (let serial = 1; serial < 5; serial++) assert.deepEqual(journal.note(numbered(serial), numbered(serial + 1), [APEX]), [APEX])
  assert.deepEqual(journal.note(numbered(5), numbered(5), [APEX]), [])
  const steps = journal.stepsOf(APEX)
  assert.equal(steps.length, 4)
  assert.equal(stepsBetween(steps, 2, 5)?.length, 3)
  assert.equal(stepsBetween(steps, 1, 4)?.length, 3)
  assert.equal(stepsBetween(steps, 9, 5), undefined)
  assert.equal(stepsBetween(steps, 5, 5), undefined)
  journal.note(numbered(7), numbered(8), [APEX])
  assert.equal(journal.stepsOf(APEX).length, 1)
  journal.note(numbered(8), numbered(3), [APEX])
  assert.equal(journal.stepsOf(APEX).length, 0)
  journal.note(numbered(8), numbered(9), [APEX])
  journal.note(numbered(9), numbered(10), [])
  assert.equal(journal.all().size, 0)
  const small = createJournal({ zones: new Map(), versions: new Map() }, 400)
  for (let serial = 1; serial < 20; serial++) small.note(numbered(serial), numbered(serial + 1), [APEX])
  const left = small.stepsOf(APEX)
  assert.ok(left.length > 0 && left.length < 5, `${left.length} steps`)
  assert.equal(left.at(-1)!.toSerial, 20)
})

const texts = (serial: number, text: string) => version(serial, [...padding, ['n', 'TXT', text]])

test('a serial that stood for two contents begins no step: other content under it, a serial that went back, also over a restart', () => {
  const journal = createJournal()
  journal.note(undefined, texts(1, 'a'), [APEX])
  journal.note(texts(1, 'a'), texts(2, 'b'), [APEX])
  assert.equal(journal.stepsOf(APEX).length, 1)
  assert.deepEqual(journal.note(texts(2, 'b'), texts(2, 'c'), [APEX]), [APEX])
  assert.deepEqual(journal.stepsOf(APEX), [])
  assert.deepEqual(journal.note(texts(2, 'c'), texts(2, 'c'), [APEX]), [])
  const restarted = createJournal(journal.content())
  restarted.note(undefined, texts(2, 'c'), [APEX])
  for (const each of [journal, restarted]) {
    each.note(texts(2, 'c'), texts(3, 'd'), [APEX])
    assert.deepEqual(each.stepsOf(APEX), [])
    each.note(texts(3, 'd'), texts(4, 'e'), [APEX])
    assert.equal(each.stepsOf(APEX).length, 1)
  }
  // Replaced while the node was down.
  const away = createJournal(journal.content())
  away.note(undefined, texts(4, 'x'), [APEX])
  assert.deepEqual(away.stepsOf(APEX), [])
  away.note(texts(4, 'x'), texts(5, 'y'), [APEX])
  assert.deepEqual(away.stepsOf(APEX), [])
  // A restored backup: 4 goes back to 3, and 4 comes again with other content.
  journal.note(texts(4, 'e'), texts(3, 'd'), [APEX])
  for (const [serial, steps] of [
    [4, 0],
    [5, 0],
    [6, 1],
  ] as const) {
    journal.note(texts(serial - 1, `again ${serial - 1}`), texts(serial, `again ${serial}`), [APEX])
    assert.equal(journal.stepsOf(APEX).length, steps, String(serial))
  }
})

test('the journal on disk: what was saved is loaded; a damaged file gives the older copy, two damaged ones nothing', async () => {
  const path = join(temporaryFolder().path, 'journal')
  assert.deepEqual(loadJournal(path), { zones: new Map(), versions: new Map(), reasons: [] })
  const journal = createJournal()
  journal.note(numbered(1), numbered(2), [APEX])
  await saveJournal(path, journal.content())
  journal.note(numbered(2), numbered(3), [APEX])
  await saveJournal(path, journal.content())
  const loaded = loadJournal(path)
  assert.deepEqual(loaded.reasons, [])
  assert.deepEqual(
    loaded.zones.get('z.test.')!.map(({ fromSerial, toSerial }) => [fromSerial, toSerial]),
    [
      [1, 2],
      [2, 3],
    ],
  )
  assert.deepEqual(applied(contentOf(numbered(1)), condenseDiffs(loaded.zones.get('z.test.')!)!), contentOf(numbered(3)).sort())
  const bytes = readFileSync(path)
  bytes[bytes.length - 1]! ^= 1
  writeFileSync(path, bytes)
  const older = loadJournal(path)
  assert.equal(older.zones.get('z.test.')!.length, 1)
  assert.match(older.reasons[0]!, /SHA-256/)
  writeFileSync(`${path}.old`, 'rubbish')
  assert.equal(loadJournal(path).zones.size, 0)
})
