/** RFC 6672 §2.2, table 1: DNAME substitution. */
import { type ConformanceRow, checkSection } from '../../support/conformance.ts'

const zone = (records: string): string => `$TTL 300\n@ SOA ns.else. h.else. 1 3600 600 86400 60\n@ NS ns.else.\n${records}\n`

const TABLE: readonly [origin: string, owner: string, target: string, name: string, result: string | undefined][] = [
  ['example.com.', 'example.com.', 'example.net.', 'example.com', undefined],
  ['example.com.', 'example.com.', 'example.net.', 'a.example.com', 'a.example.net'],
  ['example.com.', 'example.com.', 'example.net.', 'a.b.example.com', 'a.b.example.net'],
  ['example.com.', 'b.example.com.', 'example.net.', 'ab.example.com', undefined],
  ['example.com.', 'example.com.', 'example.net.', 'foo.example.com', 'foo.example.net'],
  ['example.com.', 'x.example.com.', 'example.net.', 'a.x.example.com', 'a.example.net'],
  ['example.com.', 'example.com.', 'y.example.net.', 'a.example.com', 'a.y.example.net'],
  ['example.com.', 'example.com.', 'example.com.', 'cyc.example.com', 'cyc.example.com'],
  ['example.com.', 'example.com.', 'c.example.com.', 'cyc.example.com', 'cyc.c.example.com'],
  ['x.', 'x.', '.', 'shortloop.x.x', 'shortloop.x'],
  ['x.', 'x.', '.', 'shortloop.x', 'shortloop'],
]

for (const [origin, owner, target, name, result] of TABLE) {
  const owned = `${owner.slice(0, -1)} 300 DNAME ${target === '.' ? '.' : target.slice(0, -1)}`
  // What was made is looked up again: "shortloop.x" is redirected once more.
  const more = name === 'shortloop.x.x' ? ['shortloop.x 300 CNAME shortloop'] : []
  const row: ConformanceRow = [
    `${name} by ${owner} DNAME ${target}`,
    { name },
    result === undefined
      ? { answers: [], rcode: name === 'example.com' ? 'NOERROR' : 'NXDOMAIN' }
      : { answers: [owned, `${name} 300 CNAME ${result}`, ...more] },
  ]
  checkSection('RFC 6672 §2.2', { zones: { [origin]: zone(`${owner} DNAME ${target}`) } }, [row])
}
