/** Zones by their slow, obvious twin: a list of names and RFC 1034 §4.3.2, RFC 4592 read aloud. And master files that say what was meant. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalName, formatName, isAtOrBelow, parseName } from '../../resolver/wire/name.ts'
import { formatRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { TYPE_NS, typeWord } from '../../resolver/wire/registry.ts'
import { compileZones } from '../../resolver/zone/compile-zones.ts'
import { FOUND_CUT, FOUND_MISS, FOUND_NOTHING, findName, makeNameFound } from '../../resolver/zone/find-name.ts'
import { parseZoneFile } from '../../resolver/zone/zone-file-parser.ts'
import type { ZoneInput, ZoneRecord } from '../../resolver/zone/zone-record.ts'
import { nodeName } from '../../resolver/zone/zone-rows.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'

const label = fc.constantFrom('a', 'b', 'c', '*')
const name = fc.array(label, { maxLength: 5 }).map((labels) => labels.map((text) => `${text}.`).join('') || '.')
const apex = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }).map((labels) => labels.map((text) => `${text}.`).join('') || '.')
type Draft = { readonly apexes: readonly string[]; readonly owners: readonly (readonly [owner: string, isCut: boolean])[] }
const draft: fc.Arbitrary<Draft> = fc.record({
  apexes: fc.uniqueArray(apex, { minLength: 1, maxLength: 4 }),
  owners: fc.array(
    fc.tuple(
      name,
      fc.integer({ min: 0, max: 4 }).map((n) => n === 0),
    ),
    { maxLength: 12 },
  ),
})

const parentOf = (text: string): string | undefined => (text === '.' ? undefined : text.slice(text.indexOf('.') + 1) || '.')
const isBelow = (text: string, ancestor: string): boolean => isAtOrBelow(parseName(text), parseName(ancestor))
const deepest = (text: string, apexes: readonly string[]): string | undefined =>
  apexes.filter((candidate) => isBelow(text, candidate)).sort((a, b) => b.length - a.length)[0]

/** Where a name stands, by walking lists. */
function findSlowly({ apexes, owners }: Draft, wanted: string): string {
  const zone = deepest(wanted, apexes)
  if (zone === undefined) return 'nothing'
  const inZone = owners.filter(([owner]) => deepest(owner, apexes) === zone)
  const cuts = inZone.filter(([owner, isCut]) => isCut && owner !== zone).map(([owner]) => owner)
  const cut = cuts.filter((candidate) => isBelow(wanted, candidate)).sort((a, b) => a.length - b.length)[0]
  // A name that does not exist meets a cut that is a wildcard's only below that wildcard, as any other node.
  const ends = [zone, ...inZone.map(([owner]) => owner), ...apexes.filter((other) => other !== zone && parentZone(other, apexes) === zone)]
  const exists = (text: string): boolean => ends.some((end) => isBelow(end, text)) && isBelow(text, zone)
  if (cut !== undefined) return `cut ${cut} of ${zone}`
  if (exists(wanted)) return `node ${wanted} of ${zone}`
  let encloser = parentOf(wanted)!
  while (!exists(encloser)) encloser = parentOf(encloser)!
  const source = encloser === '.' ? '*.' : `*.${encloser}`
  return exists(source) && deepest(source, apexes) === zone ? `node ${source} of ${zone}` : `miss below ${encloser} of ${zone}`
}

function parentZone(text: string, apexes: readonly string[]): string | undefined {
  const above = parentOf(text)
  return above === undefined ? undefined : deepest(above, apexes)
}

function compileDraft({ apexes, owners }: Draft): ReturnType<typeof compileZones> {
  const zones = apexes.map((origin): ZoneInput => {
    const records: ZoneRecord[] = owners
      .filter(([owner]) => deepest(owner, apexes) === origin)
      .map(([owner, isCut]) => ({
        owner: canonicalName(parseName(owner)),
        type: isCut ? TYPE_NS : 16,
        ttlSeconds: 5,
        rdata: isCut ? parseName('ns.else.') : Uint8Array.of(0),
        line: 0,
      }))
    return { origin: canonicalName(parseName(origin)), records, useClientSubnet: true, file: origin }
  })
  return compileZones(zones, [])
}

test('lookup equals its slow twin: nested zones, cuts, wildcards, empty non-terminals', () => {
  const kinds = new Set<string>()
  fc.assert(
    fc.property(draft, fc.array(name, { minLength: 20, maxLength: 20 }), (zones, wanted) => {
      const { columns } = compileDraft(zones)
      const found = makeNameFound()
      for (const text of [...wanted, ...zones.apexes, ...zones.owners.map(([owner]) => owner)]) {
        const wire = parseName(text)
        findName(columns, wire, wire.length, found)
        const nameOf = (node: number): string => formatName(nodeName(columns, node))
        const zone = found.kind === FOUND_NOTHING ? '' : nameOf(columns.zoneApex[found.zone]!)
        const at = found.kind === FOUND_NOTHING ? '' : nameOf(found.node)
        const got =
          found.kind === FOUND_NOTHING
            ? 'nothing'
            : found.kind === FOUND_CUT
              ? `cut ${at} of ${zone}`
              : found.kind === FOUND_MISS
                ? `miss below ${at} of ${zone}`
                : `node ${at} of ${zone}`
        assert.equal(got, findSlowly(zones, text), `${text} in ${JSON.stringify(zones)}`)
        kinds.add(`${got.split(' ')[0]}${found.isWildcard ? ' wildcard' : ''}`)
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 1500 },
  )
  assert.deepEqual([...kinds].sort(), ['cut', 'miss', 'node', 'node wildcard', 'nothing'])
})

test('any order of zones and records gives the same octets', () => {
  fc.assert(
    fc.property(draft, fc.infiniteStream(fc.nat()), (zones, numbers) => {
      const shuffle = <T>(list: readonly T[]): T[] =>
        list
          .map((value) => ({ value, key: numbers.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ value }) => value)
      const one = compileDraft(zones).columns
      const other = compileDraft({ apexes: shuffle(zones.apexes), owners: shuffle(zones.owners) }).columns
      assert.deepEqual(one, other)
    }),
    { seed: PROPERTY_SEED, numRuns: 300 },
  )
})

const ORIGIN = parseName('origin.test.')

test('master files: a record written in any of its forms is the record that was meant', () => {
  const octets = fc.array(fc.nat(255), { minLength: 1, maxLength: 20 })
  const blank = fc.constantFrom(' ', '\t', '  ', ' (\n ', ' ; a comment ) " (\n')
  const wire = fc
    .array(octets, { minLength: 1, maxLength: 3 })
    .map((labels) => Uint8Array.from([...labels.flatMap((l) => [l.length, ...l]), 0]))
  const records = fc.array(
    fc.record({
      owner: wire,
      ttlSeconds: fc.nat(0x7fffffff),
      target: wire,
      texts: fc.array(octets, { minLength: 1, maxLength: 3 }),
      isText: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  fc.assert(
    fc.property(records, fc.infiniteStream(blank), (meant, blanks) => {
      let text = ''
      const wanted: string[] = []
      for (const { owner, ttlSeconds, target, texts, isText } of meant) {
        const type = isText ? 16 : 5
        const rdata = isText ? Uint8Array.from(texts.flatMap((value) => [value.length, ...value])) : target
        const words = [formatName(owner), String(ttlSeconds), 'IN', typeWord(type), formatRdata(type, rdata)]
        let line = ''
        let depth = 0
        for (const [position, word] of words.entries()) {
          let gap = position === 0 ? '' : blanks.next().value!
          // A line ends only inside parentheses.
          if (gap.includes(';') && depth === 0) gap = ' '
          if (gap.includes('(') && !gap.includes(';')) depth++
          line += gap + word
        }
        text += `${line}${' )'.repeat(depth)}\n`
        wanted.push(`${formatName(canonicalName(owner))} ${ttlSeconds} ${typeWord(type)} ${formatRdata(type, rdata)}`)
      }
      const { records: read, issues } = parseZoneFile(text, ORIGIN, 'z', () => ({ ok: false, reason: '' }))
      assert.deepEqual(issues, [], text)
      assert.deepEqual(
        read.map((r) => `${formatName(r.owner)} ${r.ttlSeconds} ${typeWord(r.type)} ${formatRdata(r.type, r.rdata)}`),
        wanted,
      )
    }),
    { seed: PROPERTY_SEED, numRuns: 500 },
  )
})

test('master files: any text is read to its end, with issues that have a place', () => {
  const piece = fc.constantFrom(
    'a ',
    'IN ',
    '5 ',
    'A ',
    '192.0.2.1 ',
    '\n',
    ' ',
    '(',
    ')',
    '"',
    ';',
    '\\',
    '$TTL ',
    '$ORIGIN ',
    '$INCLUDE ',
    '@ ',
    'TXT ',
    '\\# ',
    '\u0000',
    'é',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = pieces.join('')
      const { issues } = parseZoneFile(text, ORIGIN, 'z', () => ({ ok: true, text: 'x 5 A 192.0.2.1\n' }))
      const lines = text.split('\n').length
      for (const { line, column, message, suggestion } of issues) {
        assert.ok(line >= 1 && line <= lines && column >= 1, `${line}:${column} in ${JSON.stringify(text)}`)
        assert.ok(message !== '' && suggestion !== '')
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 2000 },
  )
})
