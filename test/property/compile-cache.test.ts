/**
 * A compile with what former compiles left behind gives the same snapshot, byte for byte, and the same issues as one from scratch: random
 * edits of a document that uses every part, one after the other, with layers, other geodata and a fresh cache in between.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createLocalCompiler } from '../../admin-ui/api/publish/local-compiler.ts'
import type { Geodata } from '../../geodata/geodata.ts'
import type { DynamicRecord } from '../../resolver/zone/dynamic-layer.ts'
import { FIXTURE_GEODATA } from '../support/control-fixture.ts'
import { PROPERTY_SEED } from '../support/synthetic-arbitraries.ts'
import { makeSyntheticGeodata } from '../support/synthetic-geodata.ts'

type Plain = Record<string, unknown>
type World = {
  document: Record<string, Plain[]> & { options?: Plain }
  files: Record<string, string>
  dynamic: DynamicRecord[]
  geodata: string
}

const GEODATA: Readonly<Record<string, Geodata>> = {
  one: FIXTURE_GEODATA,
  other: {
    ...FIXTURE_GEODATA,
    ...makeSyntheticGeodata([
      ['1.0.0.0', 'cn/33/3301/telecom'],
      ['2.0.0.0', 'jp'],
      ['5.0.0.0', 'cn/11//unicom'],
    ]),
    digest: 'other',
  },
}
const LINES = ['cn-33/telecom', 'cn-33', 'cn-11', '*/mobile', 'us-ca', 'custom:a', 'custom:b', 'asn:64500']
const CHOOSE = ['best', 'weighted', 'all', 'nearest', 'latency', 'auto']
const PLACES = ['cn-3302', 'cn-3301', 'cn-11', 'us-ca', 'jp']

function firstWorld(): World {
  const soa = { mname: 'ns1.a.test.', rname: 'host.a.test.' }
  const endpoints = [0, 1, 2, 3].map((n) => ({ id: `e${n}`, ipv4: `192.0.2.${n + 1}`, place: PLACES[n], carrier: 'telecom' }))
  const pools = [0, 1, 2].map((n) => ({ id: `p${n}`, members: [{ endpoint: `e${n}` }, { endpoint: `e${n + 1}` }], choose: CHOOSE[n] }))
  const policy = (id: string, line: string): Plain => ({
    id,
    ttlSeconds: 30,
    rules: [
      { line, pools: ['p0'] },
      { line: '*', pools: ['p1'] },
    ],
    fallback: ['p2'],
  })
  return {
    document: {
      zones: [
        {
          name: 'a.test.',
          soa,
          nameservers: ['ns1.a.test.'],
          records: [
            { name: 'ns1', type: 'A', data: ['192.0.2.53'] },
            { name: 'www', type: 'A', data: ['192.0.2.80'] },
          ],
        },
        { name: 'in.a.test.', soa, nameservers: ['ns1.a.test.'], records: [{ name: 'x', type: 'TXT', data: ['"t"'] }] },
        { name: 'f.test.', file: 'f.zone' },
        { name: 'g.test.', file: 'g.zone' },
      ],
      endpoints,
      pools,
      lines: [
        { id: 'a', label: { en: 'A', 'zh-CN': 'A' }, prefixes: ['1.2.0.0/16', '2001:db8::/32'] },
        { id: 'b', label: { en: 'B', 'zh-CN': 'B' }, prefixes: ['1.2.3.0/24'] },
      ],
      policies: [policy('q0', 'cn-33/telecom'), policy('q1', 'custom:a'), policy('q2', 'cn-33/telecom')],
      names: [
        { name: 's.a.test.', types: ['A'], policy: 'q0' },
        { name: '*.w.a.test.', types: ['A', 'AAAA', 'HTTPS'], policy: 'q1', records: { HTTPS: '1 . alpn=h2 ipv4hint={ipv4}' } },
        { name: 's.f.test.', types: ['A'], policy: 'q2' },
      ],
    },
    files: {
      'f.zone': '$TTL 300\n@ SOA ns1 host 1 3600 600 604800 60\n@ NS ns1\nns1 A 192.0.2.53\nh A 192.0.2.7\n',
      'g.zone': '$TTL 300\n@ SOA ns1 host 1 3600 600 604800 60\n@ NS ns1\nns1 A 192.0.2.53\n$INCLUDE more.zone\n',
      'more.zone': 'i A 192.0.2.8\n',
    },
    dynamic: [],
    geodata: 'one',
  }
}

/** Edits by name; `n` and `m` say which of several, and to what. */
const EDITS: Readonly<Record<string, (world: World, n: number, m: number) => void>> = {
  'other pool of a rule': ({ document }, n, m) =>
    void Object.assign((at(document.policies, n).rules as Plain[])[1]!, { pools: [`p${m % 3}`] }),
  'other line': ({ document }, n, m) =>
    void Object.assign((at(document.policies, n).rules as Plain[])[0]!, { line: LINES[m % LINES.length] }),
  'other fallback': ({ document }, n, m) => void Object.assign(at(document.policies, n), { fallback: [`p${m % 3}`] }),
  'other settings': ({ document }, n, m) =>
    void Object.assign(at(document.policies, n), {
      ttlSeconds: 30 + m,
      inherit: m % 2 === 0,
      precedence: m % 3 === 0 ? 'carrier-first' : 'place-first',
    }),
  'policy more or less': ({ document }, n, m) => {
    if (m % 2 === 0 && document.policies!.length > 3) document.policies!.pop()
    else document.policies!.unshift({ ...structuredClone(at(document.policies, n)), id: `a${document.policies!.length}` })
  },
  'choice of a pool': ({ document }, n, m) => void Object.assign(at(document.pools, n), { choose: CHOOSE[m % CHOOSE.length] }),
  'member of a pool': ({ document }, n, m) =>
    void Object.assign(at(document.pools, n), {
      members: [{ endpoint: `e${m % 4}`, weight: 1 + (m % 3) }, { endpoint: `e${(m + 1) % 4}` }],
    }),
  'slow start': ({ document }, n, m) => void Object.assign(at(document.pools, n), { slowStartSeconds: 60 * (m % 2) }),
  'address of an endpoint': ({ document }, n, m) => void Object.assign(at(document.endpoints, n), { ipv4: `192.0.2.${100 + m}` }),
  'place of an endpoint': ({ document }, n, m) => void Object.assign(at(document.endpoints, n), { place: PLACES[m % PLACES.length] }),
  'capacity of an endpoint': ({ document }, n, m) =>
    void Object.assign(at(document.endpoints, n), { capacity: { requestsPerSecond: 10 + m } }),
  'endpoint more': ({ document }, _, m) => {
    if (!document.endpoints!.some(({ id }) => id === `d${m}`))
      document.endpoints!.unshift({ id: `d${m}`, ipv4: `192.0.2.${200 + (m % 50)}` })
  },
  'networks of a line': ({ document }, n, m) =>
    void Object.assign(at(document.lines, n), { prefixes: [`1.${m}.0.0/16`, `2001:db8:${m}::/48`] }),
  'union of lines': ({ document }, _, m) => void Object.assign(document.lines![1]!, m % 2 === 0 ? { union: ['custom:a'] } : { union: [] }),
  'coarse scopes': ({ document }, _, m) => {
    document.options = m % 2 === 0 ? {} : { scopeGranularity: { ipv4: 16 + (m % 8), ipv6: 48 } }
  },
  'record of a zone': ({ document }, n, m) =>
    void Object.assign(document.zones![n % 2]!, {
      records: [
        { name: 'ns1', type: 'A', data: ['192.0.2.53'] },
        { name: `r${m}`, type: 'A', data: [`192.0.2.${m}`] },
      ],
    }),
  'zones in another order': ({ document }) => void document.zones!.reverse(),
  'client subnets': ({ document }, n, m) => void Object.assign(at(document.zones, n), { ecs: m % 2 === 0 ? 'use' : 'ignore' }),
  'record of a file': ({ files }, _, m) => {
    files['f.zone'] += `k${m} A 192.0.2.${m}\n`
  },
  'record of an included file': ({ files }, _, m) => {
    files['more.zone'] += `k${m} A 192.0.2.${m}\n`
  },
  'policy of a name': ({ document }, n, m) => void Object.assign(at(document.names, n), { policy: `q${m % 3}` }),
  'name more': ({ document }, n, m) => {
    const name = `n${m}.a.test.`
    if (!document.names!.some((other) => other.name === name)) document.names!.push({ name, types: ['A'], policy: `q${n % 3}` })
  },
  'target instead of an address': ({ document }, n, m) => {
    const { id } = at(document.endpoints, n)
    document.endpoints![n % document.endpoints!.length] =
      m % 2 === 0 ? { id, target: `t${m}.elsewhere.test.` } : { id, ipv4: `192.0.2.${m}` }
  },
  'an update': ({ dynamic }, n, m) =>
    void dynamic.push({
      zone: n % 2 === 0 ? 'a.test.' : 'f.test.',
      owner: `u${dynamic.length}.${n % 2 === 0 ? 'a.test.' : 'f.test.'}`,
      type: 1,
      rdata: Uint8Array.of(192, 0, 2, m),
      kind: 'added',
      ttlSeconds: 60,
    }),
  'updates undone': ({ dynamic }) => {
    dynamic.length = 0
  },
  'other geodata': (world) => {
    world.geodata = world.geodata === 'one' ? 'other' : 'one'
  },
  nothing: () => undefined,
}

function at(list: Plain[] | undefined, n: number): Plain {
  return list![n % list!.length]!
}

const edit = fc.record({ name: fc.constantFrom(...Object.keys(EDITS)), n: fc.nat(3), m: fc.nat(99), serial: fc.nat(3), isFresh: fc.nat(9) })

test('kept parts of compiles never show', () => {
  let compiled = 0
  fc.assert(
    fc.property(fc.array(edit, { minLength: 4, maxLength: 12 }), (edits) => {
      const world = firstWorld()
      const make = () => createLocalCompiler((path) => GEODATA[path]!)
      let kept = make()
      for (const { name, n, m, serial, isFresh } of edits) {
        EDITS[name]!(world, n, m)
        if (isFresh === 0) kept = make()
        const source = { text: JSON.stringify({ apiVersion: 'nearcast/v1', ...world.document }), files: { ...world.files } }
        const parsed = kept.parse(source)
        if (parsed.config === undefined) continue
        const serials = new Map(parsed.config.zones.map((zone) => [zone.name, 1 + serial] as const))
        const input = {
          documentDigest: parsed.digest,
          generation: 1,
          serials,
          dynamic: [...world.dynamic],
          transferred: new Map(),
          transferredDigests: new Map(),
          geodataPath: world.geodata,
        }
        const one = kept.compile(source, input)
        const scratch = make().compile(source, input)
        assert.equal(one.snapshot?.digest, scratch.snapshot?.digest, name)
        assert.deepEqual(one.issues, scratch.issues, name)
        if (one.snapshot !== undefined) compiled++
      }
    }),
    { seed: PROPERTY_SEED, numRuns: 120 },
  )
  assert.ok(compiled > 400, `${compiled} snapshots`)
})
