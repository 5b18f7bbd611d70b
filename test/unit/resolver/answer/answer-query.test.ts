/** RFC 1034 §4.3.2 row by row over plain zones: what stands in each section, and the header. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerQuery, answerServfail, createAnswerContext } from '../../../../resolver/answer/answer-query.ts'
import { APEX, type Ask, encodeAsk, makeAnswerSubject, type Reply } from '../../../support/answer-subject.ts'

const SOA = 'z 60 SOA ns1.z hostmaster.z 7 3600 600 604800 60'
const LONG_CHAIN = Array.from({ length: 30 }, (_, i) => `l${i} CNAME l${i + 1}`).join('\n')
const MANY_HOSTS = Array.from({ length: 40 }, (_, i) => `many MX 10 m${i}\nm${i} A 192.0.2.${i}`).join('\n')
const ZONES = {
  'z.': `${APEX}www A 192.0.2.1
www A 192.0.2.2
www TXT "t"
six AAAA 2001:db8::1
mail MX 10 www
srv SRV 1 2 3 www
srv SRV 1 2 4 WWW
mxout MX 10 www.else.
mxglue MX 10 ns.sub
many MX 10 m0
${MANY_HOSTS}
ptr PTR www.else.
caa CAA 0 issue "ca.test"
odd TYPE731 \\# 2 abcd
deep.er TXT "x"
*.w A 192.0.2.3
*.w TXT "w"
there.w TXT "no A here"
alias CNAME www
ALIAS2 CNAME AliAs
out CNAME www.else.
toother CNAME www.other.
dead CNAME nope
nodata CNAME deep.er
cut CNAME host.sub
*.cw CNAME www
loop1 CNAME loop2
loop2 CNAME loop1
self CNAME self
*.wl CNAME a.wl
${LONG_CHAIN}
l30 A 192.0.2.30
sub NS ns.sub
sub NS ns.sib
sub NS ns.else.
ns.sub A 192.0.2.61
ns.sub AAAA 2001:db8::61
ns.sib A 192.0.2.62
sub DS \\# 5 000108fd41
nods NS ns.else.
child NS ns1.child
child DS \\# 5 000208fd42
`,
  'other.': `${APEX}www A 192.0.2.99
`,
  'child.z.': APEX,
}
const subject = makeAnswerSubject({ zones: ZONES })

type Expected = Partial<Pick<Reply, 'rcode' | 'aa' | 'answers' | 'authorities' | 'additionals'>>
const rows: readonly [title: string, ask: Ask, expected: Expected][] = [
  ['an RRset, whole', { name: 'www.z' }, { answers: ['www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2'] }],
  ['AAAA', { name: 'six.z', type: 'AAAA' }, { answers: ['six.z 300 AAAA 2001:db8::1'] }],
  [
    'MX',
    { name: 'mail.z', type: 'MX' },
    { answers: ['mail.z 300 MX 10 www.z'], additionals: ['www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2'] },
  ],
  ['MX of a host elsewhere', { name: 'mxout.z', type: 'MX' }, { answers: ['mxout.z 300 MX 10 www.else'] }],
  [
    'MX of a host below a cut: its glue is no additional data',
    { name: 'mxglue.z', type: 'MX' },
    { answers: ['mxglue.z 300 MX 10 ns.sub.z'] },
  ],
  [
    'SRV, one host named twice: its addresses once',
    { name: 'srv.z', type: 'SRV' },
    {
      answers: ['srv.z 300 SRV 1 2 3 www.z', 'srv.z 300 SRV 1 2 4 WWW.z'],
      additionals: ['www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2'],
    },
  ],
  ['PTR', { name: 'ptr.z', type: 'PTR' }, { answers: ['ptr.z 300 PTR www.else'] }],
  ['TXT', { name: 'www.z', type: 'TXT' }, { answers: ['www.z 300 TXT "t"'] }],
  ['a type by number', { name: 'odd.z', type: 'TYPE731' }, { answers: ['odd.z 300 UNKNOWN_731 abcd'] }],
  [
    'NS of the apex with its addresses',
    { name: 'z', type: 'NS' },
    { answers: ['z 300 NS ns1.z'], additionals: ['ns1.z 300 A 192.0.2.53'] },
  ],
  ['SOA', { name: 'z', type: 'SOA' }, { answers: ['z 3600 SOA ns1.z hostmaster.z 7 3600 600 604800 60'] }],
  ['the case of the question is kept', { name: 'WwW.Z' }, { answers: ['WwW.Z 300 A 192.0.2.1', 'WwW.Z 300 A 192.0.2.2'] }],
  ['ANY: one RRset (RFC 8482)', { name: 'www.z', type: 'ANY' }, { answers: ['www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2'] }],
  ['ANY of an alias', { name: 'alias.z', type: 'ANY' }, { answers: ['alias.z 300 CNAME www.z'] }],
  ['ANY of an empty non-terminal', { name: 'er.z', type: 'ANY' }, { authorities: [SOA] }],
  ['class ANY: not authoritative', { name: 'six.z', type: 'AAAA', class: 255 }, { aa: false, answers: ['six.z 300 AAAA 2001:db8::1'] }],
  ['NODATA', { name: 'www.z', type: 'AAAA' }, { authorities: [SOA] }],
  ['NODATA of an empty non-terminal', { name: 'er.z' }, { authorities: [SOA] }],
  ['NXDOMAIN', { name: 'nope.z' }, { rcode: 'NXDOMAIN', authorities: [SOA] }],
  ['NXDOMAIN below a name', { name: 'a.b.www.z' }, { rcode: 'NXDOMAIN', authorities: [SOA] }],
  ['a wildcard', { name: 'a.b.w.z' }, { answers: ['a.b.w.z 300 A 192.0.2.3'] }],
  ['a wildcard has no such type', { name: 'a.w.z', type: 'MX' }, { authorities: [SOA] }],
  ['a name beside the wildcard has its own types only', { name: 'there.w.z' }, { authorities: [SOA] }],
  ['below a name beside the wildcard', { name: 'x.there.w.z' }, { rcode: 'NXDOMAIN', authorities: [SOA] }],
  ['the wildcard itself', { name: '*.w.z', type: 'TXT' }, { answers: ['*.w.z 300 TXT "w"'] }],
  ['CNAME followed', { name: 'alias.z' }, { answers: ['alias.z 300 CNAME www.z', 'www.z 300 A 192.0.2.1', 'www.z 300 A 192.0.2.2'] }],
  ['CNAME asked for', { name: 'alias.z', type: 'CNAME' }, { answers: ['alias.z 300 CNAME www.z'] }],
  [
    'two CNAMEs; the case of data is kept',
    { name: 'alias2.z', type: 'TXT' },
    {
      answers: ['alias2.z 300 CNAME AliAs.z', 'AliAs.z 300 CNAME www.z', 'www.z 300 TXT "t"'],
    },
  ],
  ['CNAME by a wildcard', { name: 'q.cw.z', type: 'TXT' }, { answers: ['q.cw.z 300 CNAME www.z', 'www.z 300 TXT "t"'] }],
  ['CNAME out of our zones', { name: 'out.z' }, { answers: ['out.z 300 CNAME www.else'] }],
  ['CNAME into another zone of ours', { name: 'toother.z' }, { answers: ['toother.z 300 CNAME www.other', 'www.other 300 A 192.0.2.99'] }],
  [
    'CNAME to nothing: the rcode of the last name (RFC 6604)',
    { name: 'dead.z' },
    {
      rcode: 'NXDOMAIN',
      answers: ['dead.z 300 CNAME nope.z'],
      authorities: [SOA],
    },
  ],
  ['CNAME to NODATA', { name: 'nodata.z' }, { answers: ['nodata.z 300 CNAME deep.er.z'], authorities: [SOA] }],
  [
    'CNAME below a cut: the chain and the referral',
    { name: 'cut.z' },
    {
      answers: ['cut.z 300 CNAME host.sub.z'],
      authorities: ['sub.z 300 NS ns.sib.z', 'sub.z 300 NS ns.sub.z', 'sub.z 300 NS ns.else'],
      additionals: ['ns.sub.z 300 A 192.0.2.61', 'ns.sub.z 300 AAAA 2001:db8::61', 'ns.sib.z 300 A 192.0.2.62'],
    },
  ],
  ['a loop of two: each once', { name: 'loop1.z' }, { answers: ['loop1.z 300 CNAME loop2.z', 'loop2.z 300 CNAME loop1.z'] }],
  ['a loop of one', { name: 'self.z' }, { answers: ['self.z 300 CNAME self.z'] }],
  ['a loop by a wildcard', { name: 'b.wl.z' }, { answers: ['b.wl.z 300 CNAME a.wl.z', 'a.wl.z 300 CNAME a.wl.z'] }],
  [
    'a referral with the glue we have',
    { name: 'host.sub.z' },
    {
      aa: false,
      authorities: ['sub.z 300 NS ns.sib.z', 'sub.z 300 NS ns.sub.z', 'sub.z 300 NS ns.else'],
      additionals: ['ns.sub.z 300 A 192.0.2.61', 'ns.sub.z 300 AAAA 2001:db8::61', 'ns.sib.z 300 A 192.0.2.62'],
    },
  ],
  ['glue is not an answer', { name: 'ns.sub.z' }, { aa: false }],
  ['NS at the cut: a referral', { name: 'sub.z', type: 'NS' }, { aa: false, answers: [] }],
  [
    'ANY at the cut: a referral',
    { name: 'nods.z', type: 'ANY' },
    { aa: false, answers: [], authorities: ['nods.z 300 NS ns.else'], additionals: [] },
  ],
  ['DS at the cut is ours', { name: 'sub.z', type: 'DS' }, { answers: ['sub.z 300 DS 1 8 253 A'] }],
  ['no DS at the cut', { name: 'nods.z', type: 'DS' }, { authorities: [SOA] }],
  ['DS below the cut: a referral', { name: 'host.sub.z', type: 'DS' }, { aa: false, answers: [] }],
  [
    'DS of a zone of ours in a zone of ours: the parent answers',
    { name: 'child.z', type: 'DS' },
    { answers: ['child.z 300 DS 2 8 253 B'] },
  ],
  [
    'no DS of a zone alone: its own SOA',
    { name: 'other', type: 'DS' },
    {
      authorities: ['other 60 SOA ns1.other hostmaster.other 7 3600 600 604800 60'],
    },
  ],
  [
    'a zone of ours below another: its own answers',
    { name: 'child.z', type: 'NS' },
    { answers: ['child.z 300 NS ns1.child.z'], additionals: ['ns1.child.z 300 A 192.0.2.53'] },
  ],
  ['out of our zones', { name: 'www.else' }, { rcode: 'REFUSED', aa: false }],
  ['the root', { name: '.', type: 'NS' }, { rcode: 'REFUSED', aa: false }],
  ['another class', { name: 'www.z', class: 4 }, { rcode: 'REFUSED', aa: false }],
  ['AXFR', { name: 'z', type: 'AXFR', tcp: true }, { rcode: 'REFUSED', aa: false }],
  ['IXFR', { name: 'z', type: 'IXFR' }, { rcode: 'REFUSED', aa: false }],
  ['a type for messages only: no name has it', { name: 'www.z', type: 'TYPE249' }, { authorities: [SOA] }],
  ['NXNAME (RFC 9824)', { name: 'www.z', type: 'NXNAME' }, { rcode: 'FORMERR', aa: false }],
  ['OPT as a type', { name: 'www.z', type: 'TYPE41' }, { rcode: 'FORMERR', aa: false }],
  ['type 0', { name: 'www.z', type: 'TYPE0' }, { authorities: [SOA] }],
]

describe('answerQuery', () => {
  for (const [title, ask, expected] of rows) {
    test(title, () => {
      const reply = subject.ask(ask)
      const wanted = { rcode: 'NOERROR', aa: true, answers: [], authorities: [], additionals: [], ...expected }
      for (const [key, value] of Object.entries(wanted)) {
        if (key in expected || expected.aa !== false || key === 'rcode') assert.deepEqual(reply[key as keyof Expected], value, key)
      }
      assert.equal(reply.tc, false)
      assert.equal(reply.hasOpt, false)
      assert.equal(reply.raw.readUInt16BE(0), 0x1234, 'id')
      assert.equal(reply.raw[2]! & 0xf9, 0x81, 'QR, opcode 0, RD copied')
      assert.equal(reply.raw[3]! & 0xf0, 0, 'RA, Z, AD, CD clear')
    })
  }

  test('a long chain ends with NOERROR and what there was', () => {
    const { rcode, answers, authorities } = subject.ask({ name: 'l0.z', tcp: true })
    assert.deepEqual([rcode, answers.length, authorities.length], ['NOERROR', 17, 0])
    assert.equal(answers.at(-1), 'l16.z 300 CNAME l17.z')
    assert.equal(subject.ask({ name: 'l14.z', tcp: true }).answers.at(-1), 'l30.z 300 A 192.0.2.30')
  })

  test('many hosts: no more addresses than are of use, never truncated for them', () => {
    const tcp = subject.ask({ name: 'many.z', type: 'MX', tcp: true })
    assert.deepEqual([tcp.answers.length, tcp.additionals.length, tcp.tc], [40, 17, false])
    const udp = subject.ask({ name: 'many.z', type: 'MX', udpSize: 1000 })
    assert.deepEqual([udp.answers.length, udp.tc], [40, false])
    assert.ok(udp.additionals.length > 0 && udp.additionals.length < 17 && udp.length <= 1000)
  })

  test('RD is copied, nothing else of the flags is', () => {
    const query = encodeAsk({ name: 'www.z' })
    for (const [high, low] of [
      [0x00, 0x00],
      [0x07, 0xf0],
    ] as const) {
      query[2] = high
      query[3] = low
      const reply = subject.send(query)!
      assert.deepEqual([reply[2], reply[3]], [0x84 | (high & 1), 0])
    }
  })

  test('what is no query gets no reply', () => {
    const query = encodeAsk({ name: 'www.z' })
    query[2] = 0x80
    assert.equal(subject.send(query), undefined)
    assert.equal(subject.send(Uint8Array.of(1, 2, 3)), undefined)
    assert.equal(subject.send(new Uint8Array(0)), undefined)
  })

  test('FORMERR and NOTIMP are answered: id kept, counts clear, the question only when it was read', () => {
    const twice = encodeAsk({ name: 'www.z' })
    twice[5] = 2
    assert.equal(subject.send(twice)!.toString('hex'), `1234810100000000${'00000000'}`)
    const behind = Buffer.concat([encodeAsk({ name: 'www.z' }), Buffer.of(0)])
    assert.equal(subject.send(behind)!.toString('hex'), `1234810100010000${'00000000'}${behind.toString('hex', 12, behind.length - 1)}`)
    const notify = encodeAsk({ name: 'www.z' })
    notify[2] = 0x24
    assert.equal(subject.send(notify)!.toString('hex'), `1234a404000000000000${'0000'}`.replace('a404', 'a004'))
  })

  test('a full datagram of ones with another opcode, which once hung the thread', () => {
    const hostile = new Uint8Array(1344).fill(1)
    hostile[2] = 0x08
    assert.equal(subject.send(hostile)!.length, 12)
  })

  test('without tables: SERVFAIL', () => {
    const ctx = createAnswerContext({ identity: '', seed: 1 })
    const query = encodeAsk({ name: 'www.z' })
    const mem = new Uint8Array(512)
    mem.set(query)
    assert.equal(answerQuery(ctx, mem, 0, query.length, 512, new Uint32Array(4), 0, 0), query.length)
    assert.equal(mem[3]! & 15, 2)
  })
})

test('answerServfail keeps the header alone, and answers no response', () => {
  const mem = new Uint8Array(64).fill(0xff)
  const query = encodeAsk({ name: 'www.z', subnet: '192.0.2.0/24' })
  mem.set(query, 3)
  assert.equal(answerServfail(mem, 3, query.length), 12)
  assert.equal(Buffer.from(mem.subarray(3, 15)).toString('hex'), '123481020000000000000000')
  assert.equal(answerServfail(mem, 3, query.length), 0)
  assert.equal(answerServfail(mem, 3, 11), 0)
})

describe('class CH', () => {
  const named = makeAnswerSubject({ zones: ZONES, identity: 'edge-7' })
  const CH = 3
  const ask = (from: typeof subject, name: string, type: string): string => {
    const { rcode, answers, raw } = from.ask({ name, type, class: CH })
    if (rcode !== 'NOERROR') return rcode
    // Class of the record: behind question, pointer and type.
    assert.equal(raw.readUInt16BE(12 + name.length + 2 + 4 + 4), CH)
    return answers.join()
  }
  for (const [name, type, known, anonymous] of [
    ['id.server', 'TXT', 'id.server 0 TXT "edge-7"', 'REFUSED'],
    ['Hostname.Bind', 'TXT', 'Hostname.Bind 0 TXT "edge-7"', 'REFUSED'],
    ['version.bind', 'TXT', 'version.bind 0 TXT "nearcast"', 'version.bind 0 TXT "nearcast"'],
    ['version.server', 'ANY', 'version.server 0 TXT "nearcast"', 'version.server 0 TXT "nearcast"'],
    ['id.server', 'A', 'REFUSED', 'REFUSED'],
    ['authors.bind', 'TXT', 'REFUSED', 'REFUSED'],
    ['www.z', 'TXT', 'REFUSED', 'REFUSED'],
  ] as const) {
    test(`${name} ${type}`, () => {
      assert.equal(ask(named, name, type), known)
      assert.equal(ask(subject, name, type), anonymous)
    })
  }

  test('an identity of 300 octets is cut to what a text holds', () => {
    const long = makeAnswerSubject({ zones: {}, identity: 'x'.repeat(300) })
    assert.equal(long.ask({ name: 'id.server', type: 'TXT', class: CH }).answers[0]!.length, 'id.server 0 TXT ""'.length + 255)
  })

  test('no room: truncated', () => {
    const { tc, answers } = named.ask({ name: 'id.server', type: 'TXT', class: CH, room: 40 })
    assert.deepEqual([tc, answers], [true, []])
  })
})
