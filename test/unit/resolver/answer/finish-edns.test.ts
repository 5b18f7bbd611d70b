/** The OPT of a reply, the client subnet echoed in it, and how replies are cut to what the asker takes. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { APEX, encodeAsk, makeAnswerSubject } from '../../../support/answer-subject.ts'

const BIG = Array.from({ length: 60 }, (_, i) => `big A 192.0.2.${i}`).join('\n')
const GLUE = Array.from({ length: 30 }, (_, i) => `sub NS ns${i}.sub\nns${i}.sub A 192.0.2.${i}`).join('\n')
const SIBLING = Array.from({ length: 26 }, (_, i) => `sib NS sib${i}\nsib${i} A 192.0.2.${i}`).join('\n')
const subject = makeAnswerSubject({
  zones: {
    'z.': `${APEX}@ DNSKEY 256 3 13 AAAA
${BIG}
${GLUE}
${SIBLING}
small A 192.0.2.1
tobig CNAME big
ds NS ns.else.
ds DS \\# 490 abab08fd${'ab'.repeat(486)}
mid TXT ${Array.from({ length: 2 }, () => `"${'x'.repeat(200)}"`).join(' ')}
`,
    [`${'long.'.repeat(40)}`]: `$TTL 5\n@ SOA ${'m'.repeat(60)}.${'n'.repeat(60)}. ${'o'.repeat(60)}.${'p'.repeat(60)}.${'q'.repeat(60)}. 1 2 3 4 5\n@ NS ns.else.\n`,
  },
  config: {
    endpoints: Array.from({ length: 90 }, (_, i) => ({
      id: `e${i}`,
      ipv4: `192.0.2.${i}`,
      ipv6: `2001:db8::${i}`,
    })),
    pools: [{ id: 'p', members: Array.from({ length: 90 }, (_, i) => `e${i}`), choose: 'all', maxAnswers: 90 }],
    policies: [{ id: 'e', rules: [{ line: '*', pools: ['p'] }], fallback: ['p'] }],
  },
  names: [{ name: 'edge.z.', types: ['A', 'AAAA', 'TXT'], policy: 'e', records: { TXT: '"{ipv4} and much more text"' } }],
})

describe('OPT', () => {
  const option = (code: number, ...data: readonly number[]): number[] => [0, code, 0, data.length, ...data]
  const withOpt = (options: readonly number[], version: number = 0): Buffer =>
    Buffer.concat([
      encodeAsk({ name: 'small.z', udpSize: 1232 }).subarray(0, -11),
      Buffer.of(0, 0, 41, 4, 208, 0, version, 0, 0, options.length >> 8, options.length & 255, ...options),
    ])
  const optOf = (reply: Buffer, length: number): string => reply.toString('hex', reply.length - length)

  test('none in the query, none in the reply', () => assert.equal(subject.ask('small.z').hasOpt, false))
  test('ours: UDP size 1232, version 0, no options', () => {
    assert.equal(optOf(subject.send(withOpt([]))!, 11), '00' + '0029' + '04d0' + '00000000' + '0000')
  })
  test('DO is copied (RFC 3225 §3)', () => {
    const { raw } = subject.ask({ name: 'small.z', dnssecOk: true })
    assert.equal(optOf(raw, 11), '00' + '0029' + '04d0' + '00008000' + '0000')
  })
  test('BADVERS: extended rcode 1, our version', () => {
    const reply = subject.send(withOpt([], 1))!
    assert.equal(reply[3]! & 15, 0)
    assert.equal(optOf(reply, 11), '00' + '0029' + '04d0' + '01000000' + '0000')
    assert.equal(reply.readUInt16BE(6), 0)
  })
  test('FORMERR for a malformed client subnet: with OPT, without the option', () => {
    const reply = subject.send(withOpt(option(8, 0, 1, 24, 24, 1, 2, 3)))!
    assert.equal(reply[3]! & 15, 1)
    assert.equal(optOf(reply, 11), '00' + '0029' + '04d0' + '00000000' + '0000')
    assert.equal(reply.readUInt16BE(10), 1)
  })
  test('unknown options are not echoed', () => {
    assert.equal(optOf(subject.send(withOpt([...option(10, 1, 2, 3, 4, 5, 6, 7, 8), ...option(200)]))!, 11), `${'00002904d000000000'}0000`)
  })
  const echoes: readonly [title: string, sent: readonly number[]][] = [
    ['IPv4 /24', [0, 1, 24, 0, 202, 96, 104]],
    ['IPv4 /32', [0, 1, 32, 0, 255, 254, 253, 252]],
    ['IPv4 /9', [0, 1, 9, 0, 10, 128]],
    ['IPv4 /0', [0, 1, 0, 0]],
    ['IPv6 /0', [0, 2, 0, 0]],
    ['IPv6 /56', [0, 2, 56, 0, 0x24, 0x0e, 3, 0x80, 1, 2, 3]],
    ['IPv6 /128', [0, 2, 128, 0, ...Array.from({ length: 16 }, (_, i) => 240 + i)]],
    ['family 0', [0, 0, 0, 0]],
  ]
  for (const [title, sent] of echoes) {
    test(`${title} is echoed octet by octet, scope 0 for a static answer`, () => {
      const data = option(8, ...sent)
      const opt = `${'00002904d000000000'}${Buffer.of(data.length >> 8, data.length & 255, ...data).toString('hex')}`
      assert.equal(optOf(subject.send(withOpt(data))!, opt.length / 2), opt)
    })
  }
})

describe('truncation', () => {
  const rows: readonly [title: string, ask: Parameters<typeof subject.ask>[0], truncated: boolean][] = [
    ['60 addresses do not fit 512', 'big.z', true],
    ['60 addresses fit 1232', { name: 'big.z', udpSize: 1232 }, false],
    ['nobody gets more than 1232 by UDP', { name: 'edge.z', type: 'A', udpSize: 4096 }, true],
    ['steered IPv6 addresses', { name: 'edge.z', type: 'AAAA', udpSize: 4096 }, true],
    ['steered records of a template', { name: 'edge.z', type: 'TXT', udpSize: 4096 }, true],
    ['by TCP everything fits', { name: 'edge.z', type: 'AAAA', tcp: true }, false],
    ['a size under 512 is 512', { name: 'mid.z', type: 'TXT', udpSize: 100 }, false],
    ['the room of the transport is the end', { name: 'big.z', udpSize: 1232, room: 600 }, true],
    ['a chain whose last part does not fit', 'tobig.z', true],
    ['in-domain glue is needed (RFC 9471)', 'x.sub.z', true],
    ['in-domain glue fits', { name: 'x.sub.z', udpSize: 1232 }, false],
    ['sibling glue may be missing', { name: 'x.sib.z', udpSize: 700 }, false],
    ['a DS that does not fit', { name: 'x.ds.z', dnssecOk: true, udpSize: 512 }, true],
    ['an SOA that does not fit', { name: `nope.${'long.'.repeat(40)}`, room: 512, subnet: '2001:db8::/128' }, true],
  ]
  for (const [title, ask, truncated] of rows) {
    test(title, () => {
      const reply = subject.ask(ask)
      assert.equal(reply.tc, truncated)
      if (!truncated) return
      assert.deepEqual([reply.answers, reply.authorities, reply.additionals], [[], [], []])
      const question = encodeAsk(typeof ask === 'string' ? { name: ask } : ask)
      const wantsOpt = question.readUInt16BE(10) === 1
      assert.equal(reply.hasOpt, wantsOpt, 'OPT is kept')
    })
  }

  test('the client subnet is kept when truncated', () => {
    assert.match(subject.ask({ name: 'edge.z', type: 'AAAA', subnet: '192.0.2.0/24' }).ecs!, /^192\.0\.2\.0\/24 /)
  })

  test('no reply is ever longer than asked for, whatever the room', () => {
    for (const name of ['big.z', 'edge.z', 'x.sub.z', 'x.sib.z', 'tobig.z']) {
      for (let udpSize = 512; udpSize < 1400; udpSize += 7) {
        const { length } = subject.ask({ name, udpSize, subnet: '192.0.2.0/24' })
        assert.ok(length <= Math.min(udpSize, 1232), `${name} ${udpSize}: ${length}`)
      }
      for (let room = 300; room < 900; room += 13) assert.ok(subject.ask({ name, tcp: true, room }).length <= room)
    }
  })
})
