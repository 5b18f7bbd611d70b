/** What a primary sends, message by message: what is taken, and every reason to take nothing. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cursorOfPack } from '../../../../resolver/transfer/record-cursor.ts'
import { createTransferReader, TransferFault } from '../../../../resolver/transfer/transfer-reader.ts'
import { canonicalName, parseName } from '../../../../resolver/wire/name.ts'
import { wireName } from '../../../support/dns-packets.ts'
import { textsOf } from '../../../support/transfer-subject.ts'

const APEX = canonicalName(parseName('z.test.'))
const ID = 7
const u16 = (value: number): number[] => [value >> 8, value & 255]

type Octets = readonly number[]
function message(records: readonly Octets[], options: { id?: number; flags?: number; count?: number } = {}): Uint8Array {
  const { id = ID, flags = 0x8400, count = records.length } = options
  return Uint8Array.from([
    ...u16(id),
    ...u16(flags),
    0,
    1,
    ...u16(count),
    0,
    0,
    0,
    0,
    ...wireName('z.test'),
    0,
    252,
    0,
    1,
    ...records.flat(),
  ])
}
function record(owner: Octets, type: number, rdata: Octets, recordClass = 1, length = rdata.length): number[] {
  return [...owner, ...u16(type), ...u16(recordClass), 0, 0, 0, 60, ...u16(length), ...rdata]
}
const POINTER = [0xc0, 12]
const soa = (serial: number, owner: Octets = POINTER): number[] =>
  record(owner, 6, [...POINTER, ...POINTER, 0, 0, 0, serial, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 60, 0, 0, 0, 5])
const a = (label: string, last: number): number[] => record([1, label.charCodeAt(0), ...POINTER], 1, [192, 0, 2, last])

/** The records of a whole transfer as text, without SOA. */
function take(messages: readonly Uint8Array[], held?: { readonly serial: number; readonly records: Uint8Array }): string[] | string {
  const reader = createTransferReader(APEX, ID, held)
  const last = messages.map((octets) => reader.take(octets)).at(-1)
  if (last !== true) return 'more is awaited'
  const result = reader.result()
  if (result.kind === 'current') return 'current'
  return textsOf(cursorOfPack(result.records))
    .filter((text) => !text.includes(' SOA '))
    .map((text) => text.replace('.z.test. 60 A 192.0.2', ''))
}
/** Serial 3 with a.1 and b.2. */
const held = ((): { readonly serial: number; readonly records: Uint8Array } => {
  const reader = createTransferReader(APEX, ID, undefined)
  reader.take(message([soa(3), a('a', 1), a('b', 2), soa(3)]))
  const result = reader.result()
  assert.ok(result.kind === 'axfr')
  return { serial: 3, records: result.records }
})()

const taken: readonly (readonly [name: string, messages: readonly Uint8Array[], wanted: readonly string[] | string, held?: typeof held])[] =
  [
    ['AXFR in one message', [message([soa(4), a('c', 1), soa(4)])], ['c.1']],
    ['AXFR, a record a message', [message([soa(4)]), message([a('c', 1)]), message([soa(4)])], ['c.1']],
    [
      'a record of another zone is passed over',
      [message([soa(4), record([...wireName('other.test')], 1, [192, 0, 2, 1]), a('c', 1), soa(4)])],
      ['c.1'],
    ],
    ['half an AXFR', [message([soa(4), a('c', 1)])], 'more is awaited'],
    ['IXFR: nothing newer', [message([soa(3)])], 'current', held],
    ['IXFR: a whole zone', [message([soa(4), a('c', 1), soa(4)])], ['c.1'], held],
    ['IXFR: one difference', [message([soa(4), soa(3), a('a', 1), soa(4), a('c', 3), soa(4)])], ['b.2', 'c.3'], held],
    [
      'IXFR: two differences in four messages',
      [
        message([soa(5), soa(3), a('a', 1)]),
        message([soa(4), a('c', 3), soa(4)]),
        message([a('c', 3), soa(5)]),
        message([a('d', 4), soa(5)]),
      ],
      ['b.2', 'd.4'],
      held,
    ],
  ]

const faults: readonly (readonly [name: string, messages: readonly Uint8Array[], reason: RegExp, held?: typeof held])[] = [
  ['another id', [message([soa(4)], { id: 8 })], /no answer to the query/],
  ['a query', [message([soa(4)], { flags: 0 })], /no answer to the query/],
  ['REFUSED', [message([], { flags: 0x8405 })], /REFUSED/],
  ['no records', [message([])], /no records/],
  ['11 octets', [message([]).subarray(0, 11)], /malformed/],
  ['a count that lies', [message([soa(4)], { count: 2 })], /malformed/],
  ['65,535 records that are not there', [message([soa(4)], { count: 0xffff })], /malformed/],
  ['rdata that runs out', [message([soa(4)]).slice(0, -1)], /malformed/],
  ['rdata shorter than its type', [message([soa(4), record(POINTER, 1, [192, 0, 2])])], /malformed/],
  ['rdata longer than its type', [message([soa(4), record(POINTER, 1, [192, 0, 2, 1, 1])])], /malformed/],
  ['an owner that points to itself', [message([soa(4, [0xc0, 24])])], /malformed/],
  ['an owner that points onward', [message([soa(4, [0xc0, 200])])], /malformed/],
  ['an owner with a label of 64 octets', [message([soa(4, [64, ...new Array(64).fill(97), 0])])], /malformed/],
  ['an owner of 257 octets', [message([soa(4, [...new Array(128).fill([1, 97]).flat(), 0])])], /malformed/],
  ['no SOA at the beginning', [message([a('c', 1), soa(4)])], /does not begin with the SOA/],
  ['another SOA at the end', [message([soa(4), a('c', 1), soa(5)])], /last SOA is not its first/],
  ['a record of another class', [message([soa(4), record(POINTER, 16, [1, 97], 3)])], /another class/],
  ['a SOA below the apex', [message([soa(4), soa(4, [1, 97, ...POINTER])])], /SOA below the apex/],
  ['records behind the end', [message([soa(4), soa(4), a('c', 1)])], /behind the end/],
  [
    'a difference that removes what is not there',
    [message([soa(4), soa(3), a('c', 9), soa(4), soa(4)])],
    /remove a record that is not there/,
    held,
  ],
  ['differences with one left out', [message([soa(6), soa(3), soa(4), soa(5), soa(6), soa(6)])], /do not follow one another/, held],
  ['differences that end too soon', [message([soa(6), soa(3), soa(4), a('c', 1), soa(6)])], /do not follow one another/, held],
]

describe('createTransferReader', () => {
  for (const [name, messages, wanted, from] of taken) test(name, () => assert.deepEqual(take(messages, from), wanted))
  for (const [name, messages, reason, from] of faults)
    test(`refused: ${name}`, () => {
      assert.throws(
        () => take(messages, from),
        (error) => error instanceof TransferFault && reason.test(error.message),
      )
    })
})
