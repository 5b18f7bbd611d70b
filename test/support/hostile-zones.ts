/** Zones with everything that makes answering hard: what the fuzzer, the properties and the comparison with other servers ask. */
import { packetSubjectOf } from './answer-arbitraries.ts'
import { type PacketSubject, zoneOfText } from './packet-subject.ts'
import { makeSyntheticConfig } from './synthetic-config.ts'
import { makeSyntheticGeodata } from './synthetic-geodata.ts'

/** Master files by origin. */
export const HOSTILE_ZONES: Readonly<Record<string, string>> = {
  'hostile.test.': `$TTL 3600
@ 300 IN SOA ns1 hostmaster 1 3600 600 604800 60
@ NS ns1
@ NS ns.elsewhere.test.
ns1 A 192.0.2.53
ns1 AAAA 2001:db8::53
www A 192.0.2.80
www A 192.0.2.81
www TXT "one" "two three"
mail MX 10 mx1
mail MX 20 mx2.elsewhere.test.
mx1 A 192.0.2.25
alias CNAME www
alias2 CNAME alias
ALIAS3 CNAME Alias2.HOSTILE.test.
away CNAME www.elsewhere.test.
dangling CNAME nothere
toempty CNAME a.b
tocut CNAME host.sub
loop1 CNAME loop2
loop2 CNAME loop1
self CNAME self
deep.in.the.tree A 192.0.2.1
*.wild A 192.0.2.2
*.wild TXT "wild"
sub.wild AAAA 2001:db8::2
*.alias CNAME www
*.onlywild.deep MX 5 mail
x.a.b TXT "under an empty non-terminal"
sub NS ns.sub
sub NS ns.elsewhere.test.
sub DS \\# 8 000108fd01020304
ns.sub A 192.0.2.54
ns.sub AAAA 2001:db8::54
*.sub A 192.0.2.99
lame NS ns.other
big TXT ${Array.from({ length: 12 }, (_, n) => `"${String(n).padStart(3, '0')}${'x'.repeat(240)}"`).join(' ')}
many A 192.0.2.1
${Array.from({ length: 120 }, (_, n) => `many A 198.51.100.${n}`).join('\n')}
srv SRV 1 2 443 www
caa CAA 0 issue "ca.example"
ptr PTR www
unknown TYPE65280 \\# 3 010203
\\000\\255\\.odd TXT "octets"
${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(63)}.${'o'.repeat(47)} A 192.0.2.3
long CNAME ${'l'.repeat(63)}.${'m'.repeat(63)}.${'n'.repeat(63)}.${'o'.repeat(47)}
${Array.from({ length: 24 }, (_, n) => `chain${n} CNAME chain${n + 1}`).join('\n')}
chain24 A 192.0.2.4
dname DNAME www
dname TXT "beside"
todeep DNAME in.the.tree
deepdname.x DNAME todeep
dloop1 DNAME dloop2
dloop2 DNAME dloop1
dself DNAME x.dself
dgrow DNAME ${'g'.repeat(63)}.${'h'.repeat(63)}.${'i'.repeat(63)}.elsewhere.test.
daway DNAME nested.hostile.test.
svc HTTPS 1 . alpn=h2
svc A 192.0.2.5
toservice HTTPS 0 svc
naptr NAPTR 1 1 "S" "x" "" srv
wildhost MX 10 host.wild
`,
  'nested.hostile.test.': `$TTL 60
@ SOA ns1.hostile.test. hostmaster 2 3600 600 604800 30
@ NS ns1.hostile.test.
@ A 192.0.2.90
up CNAME www.hostile.test.
www A 192.0.2.91
`,
  '2.0.192.in-addr.arpa.': `$TTL 60
@ SOA ns1.hostile.test. hostmaster.hostile.test. 3 3600 600 604800 30
@ NS ns1.hostile.test.
1 PTR deep.in.the.tree.hostile.test.
0/25 NS ns.elsewhere.test.
3 CNAME 3.0/25
`,
}

/** These zones beside the steered names of answer-arbitraries.ts, over a few lines; everything is up. */
export function hostileSubject(): PacketSubject {
  const config = makeSyntheticConfig({
    endpoints: [
      { id: 'ningbo', ipv4: '192.0.2.11', ipv6: '2001:db8::11' },
      { id: 'hangzhou', ipv4: '192.0.2.12' },
      { id: 'cdn', target: 't1.example.' },
      { id: 'vendor', target: 'Edge.Vendor.elsewhere.test.' },
      { id: 'central', ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
    ],
    pools: [
      { id: 'shares', choose: 'weighted', members: ['ningbo', 'hangzhou', 'vendor'] },
      { id: 'cdn', members: ['cdn'] },
      { id: 'several', choose: 'all', members: ['ningbo', 'hangzhou', 'central'] },
      { id: 'central', members: ['central'] },
    ],
    lines: { one: ['203.0.113.7/32', '2001:db8:7::/48'] },
    policies: [
      {
        id: 'first',
        families: 'each',
        rules: [
          { line: 'custom:one', pools: ['cdn'] },
          { line: 'cn', pools: ['shares'] },
          { line: '*', pools: ['several'] },
        ],
        fallback: ['central'],
      },
      {
        id: 'second',
        rules: [
          { line: 'cn', pools: ['several'] },
          { line: '*', pools: ['central'] },
        ],
        fallback: ['central'],
      },
    ],
  })
  const geodata = makeSyntheticGeodata([
    ['1.0.0.0', 'cn/33/3302/telecom'],
    ['2.0.0.0', 'us'],
    ['128.0.0.0', 'cn'],
    ['192.0.2.0', 'jp'],
    ['240e::', 'cn///telecom'],
    ['2a00::', 'de'],
  ])
  const zones = Object.entries(HOSTILE_ZONES).map(([origin, text]) => zoneOfText(origin, text))
  return packetSubjectOf({ config, geodata }, {}, zones)
}
