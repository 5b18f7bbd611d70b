/** An independent client over real sockets: dns2 asks by UDP, and again by TCP when the reply is truncated. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import dns2 from 'dns2'
import { hostileSubject } from '../../../support/hostile-zones.ts'
import { askOf, ROOM, SOMEONE } from '../../../support/packet-subject.ts'

const { context } = hostileSubject()
const ask = askOf(context, 65535)
const udp = createSocket('udp4')
const tcp = createServer((socket) => {
  socket.on('data', (data) => {
    const reply = ask(data.subarray(2), { src: SOMEONE, room: 65535, transport: 1 })!
    socket.end(Buffer.concat([Buffer.from([reply.length >> 8, reply.length & 255]), reply]))
  })
})
let port = 0

before(async () => {
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  port = (tcp.address() as AddressInfo).port
  udp.on('message', (query, from) => {
    const reply = ask(query, { src: SOMEONE, room: ROOM })
    if (reply !== undefined) udp.send(reply, from.port, from.address)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
})
after(() => {
  udp.close()
  tcp.close()
})

describe('dns2 reads', () => {
  const cases: [name: string, type: string, field: string, expected: unknown[]][] = [
    ['www.hostile.test', 'A', 'address', ['192.0.2.80', '192.0.2.81']],
    ['ns1.hostile.test', 'AAAA', 'address', ['2001:db8::53']],
    ['alias.hostile.test', 'CNAME', 'domain', ['www.hostile.test']],
    ['mail.hostile.test', 'MX', 'exchange', ['mx1.hostile.test', 'mx2.elsewhere.test']],
    ['1.2.0.192.in-addr.arpa', 'PTR', 'domain', ['deep.in.the.tree.hostile.test']],
    ['x.wild.hostile.test', 'A', 'address', ['192.0.2.2']],
    ['s1.z.test', 'A', 'address', ['192.0.2.1']],
  ]
  for (const [name, type, field, expected] of cases) {
    test(`${name} ${type}`, async () => {
      const { answers } = await dns2.UDPClient({ dns: '127.0.0.1', port })(name, type as 'A')
      assert.deepEqual(answers.map((answer) => (answer as unknown as Record<string, unknown>)[field]).sort(), expected)
    })
  }

  test('a truncated reply, then all of it by TCP', async () => {
    const { answers } = await dns2.UDPClient({ dns: '127.0.0.1', port })('many.hostile.test', 'A')
    assert.equal(answers.length, 121)
  })

  test('the client subnet decides', async () => {
    const resolve = dns2.UDPClient({ dns: '127.0.0.1', port })
    const [china, abroad] = await Promise.all(
      ['1.2.3.0/24', '2.2.3.0/24'].map((clientIp) => resolve('s1.z.test', 'A', undefined, { clientIp } as never)),
    )
    assert.equal(china!.answers.length, 3)
    assert.equal(abroad!.answers.length, 1)
  })
})
