/** Rows hold what the columns held, at every width; and columns of snapshots before the rows become rows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { packColumns } from '../../../../resolver/snapshot/arena.ts'
import { attachAnswerTables, attachSnapshot } from '../../../../resolver/snapshot/attach-snapshot.ts'
import { parseName } from '../../../../resolver/wire/name.ts'
import { compileZones } from '../../../../resolver/zone/compile-zones.ts'
import { FOUND_MISS, FOUND_NODE, findName, makeNameFound } from '../../../../resolver/zone/find-name.ts'
import {
  arrangeRows,
  countNodes,
  nodeEndRRset,
  nodeFirstRRset,
  nodeName,
  rrsetCount,
  SLOT_WORDS,
} from '../../../../resolver/zone/zone-rows.ts'
import { APEX, zoneInputs } from '../../../support/answer-subject.ts'
import { withPlainRows } from '../../../support/plain-rows.ts'
import { staticSnapshot } from '../../../support/static-snapshot.ts'

const LONG = `${'x'.repeat(63)}.`.repeat(3)
const hosts = Array.from({ length: 3000 }, (_, i) => `h${i} A 192.0.2.1`).join('\n')
const types = Array.from({ length: 400 }, (_, i) => `many TYPE${300 + i} \\# 0`).join('\n')
const records = Array.from({ length: 2000 }, (_, i) => `set A 10.0.${i >> 8}.${i & 255}`).join('\n')
const { columns } = compileZones(zoneInputs({ 'y.': `${APEX}${hosts}\n${types}\n${records}\n${LONG}${'x'.repeat(57)} A 192.0.2.1\n` }), [])

describe('rows', () => {
  test('are what columns are put together to, at the widest of each', () => {
    const apart = withPlainRows(columns)
    assert.deepEqual(arrangeRows(apart, columns.names), { slots: columns.slots, nodes: columns.nodes, rrsets: columns.rrsets })
    const found = makeNameFound()
    const find = (text: string): number => {
      const name = parseName(text)
      findName(columns, name, name.length, found)
      return found.kind
    }
    assert.equal(find(`${LONG}${'x'.repeat(57)}.y.`), FOUND_NODE)
    assert.equal(nodeName(columns, found.node).length, 253)
    assert.equal(find('many.y.'), FOUND_NODE)
    assert.equal(nodeEndRRset(columns, found.node) - nodeFirstRRset(columns, found.node), 400)
    assert.equal(find('set.y.'), FOUND_NODE)
    assert.equal(rrsetCount(columns, nodeFirstRRset(columns, found.node)), 2000)
    assert.equal(find('h3000.y.'), FOUND_MISS)
  })

  test('slots are at most three quarters full', () => {
    assert.ok(columns.slots.length / SLOT_WORDS >= (4 / 3) * countNodes(columns))
  })

  test('a snapshot of a version with a column for each word is read as well', () => {
    const snapshot = staticSnapshot(3, '192.0.2.7')
    const { slots: _slots, nodes: _nodes, rrsets: _rrsets, ...rest } = withPlainRows(snapshot.zones)
    const old: Record<string, Uint8Array> = { meta: new TextEncoder().encode(JSON.stringify(snapshot.meta)) }
    for (const [name, column] of Object.entries(rest)) old[`zone.${name}`] = column as Uint8Array
    for (const [name, column] of Object.entries(snapshot.policies.columns)) old[`policy.${name}`] = column as Uint8Array
    const block = packColumns(old)
    for (const { zones } of [attachSnapshot(block, 3, ''), attachAnswerTables(block, 3)]) {
      assert.deepEqual([zones.slots, zones.nodes, zones.rrsets], [snapshot.zones.slots, snapshot.zones.nodes, snapshot.zones.rrsets])
    }
  })
})
