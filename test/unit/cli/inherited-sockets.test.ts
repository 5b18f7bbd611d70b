import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { assignSockets } from '../../../cli/data-plane/assign-sockets.ts'
import { completeSockets } from '../../../cli/data-plane/open-sockets.ts'
import { takeInheritedSockets } from '../../../cli/inherited-sockets.ts'
import { findAddress } from '../../../geodata/address/address.ts'
import { libcUnavailable } from '../../../resolver/transport/libc.ts'
import { formatListenAddress } from '../../../resolver/transport/listen-address.ts'
import { closeSocket, type ListeningSocket, openListeningSockets, openUdpSocket } from '../../../resolver/transport/raw-socket.ts'

const loopback = (port = 0) => ({ address: findAddress('127.0.0.1')!, port })
const moduleUrl = new URL('../../../cli/inherited-sockets.ts', import.meta.url).href

describe('inherited sockets', { skip: libcUnavailable() ?? false }, () => {
  for (const { name, variables } of [
    {
      name: 'our supervisor',
      variables: (count: number, names: string) => ({ NEARCAST_INHERITED_SOCKETS: String(count), NEARCAST_INHERITED_NAMES: names }),
    },
    {
      name: 'systemd',
      variables: (count: number, names: string) => ({ LISTEN_FDS: String(count), LISTEN_PID: 'SELF', LISTEN_FDNAMES: names }),
    },
  ]) {
    test(`a child takes what ${name} hands down, with kind and address`, () => {
      const sockets = openListeningSockets([loopback()], 2, [
        { kind: 'dot', listen: loopback() },
        { kind: 'doh', listen: loopback() },
      ])
      // What systemd calls a socket without FileDescriptorName= is no word of ours.
      const names = sockets.map(({ kind }) => (kind === 'tcp' ? 'nearcast.socket' : kind)).join(':')
      const code = `import { takeInheritedSockets } from ${JSON.stringify(moduleUrl)}
        if (process.env.LISTEN_PID) process.env.LISTEN_PID = String(process.pid)
        console.log(JSON.stringify([takeInheritedSockets(process.env, process.pid), Object.keys(process.env).filter((key) => /LISTEN_|INHERITED/.test(key))]))`
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'pipe', 'pipe', ...sockets.map(({ fd }) => fd)],
        env: { ...process.env, ...variables(sockets.length, names) },
        encoding: 'utf8',
      })
      assert.equal(stderr, '')
      assert.deepEqual(JSON.parse(stdout), [sockets.map(({ kind, listen }, n) => ({ fd: 3 + n, kind, listen })), []])
      for (const { fd } of sockets) closeSocket(fd)
    })
  }

  test('variables meant for another process are not ours', () => {
    assert.deepEqual(takeInheritedSockets({ LISTEN_FDS: '2', LISTEN_PID: '1' }, 2), [])
    assert.deepEqual(takeInheritedSockets({}, 2), [])
  })
})

describe('completeSockets', { skip: libcUnavailable() ?? false }, () => {
  const kinds = (sockets: readonly ListeningSocket[]): string => sockets.map(({ kind }) => kind).join(' ')
  const encrypted = [
    { kind: 'dot' as const, listen: loopback() },
    { kind: 'doh' as const, listen: loopback() },
  ]
  for (const [name, given, expected] of [
    ['nothing handed down', 0, 'tcp udp dot doh'],
    ['plain DNS handed down: the encrypted ones are opened', 2, 'tcp udp dot doh'],
    ['DNS over TLS too: HTTPS is opened', 3, 'tcp udp dot doh'],
  ] as const)
    test(name, () => {
      const all = openListeningSockets([loopback()], 1, encrypted)
      const sockets = completeSockets(all.slice(0, given), [loopback()], 1, encrypted)
      assert.equal(kinds(sockets), expected)
      assert.deepEqual(sockets.slice(0, given), all.slice(0, given))
      for (const { fd } of [...all, ...sockets.slice(given)]) closeSocket(fd)
    })
})

describe('openListeningSockets', { skip: libcUnavailable() ?? false }, () => {
  test('gives one TCP and N UDP sockets of one port', () => {
    const sockets = openListeningSockets([loopback()], 3)
    assert.deepEqual(
      sockets.map(({ kind }) => kind),
      ['tcp', 'udp', 'udp', 'udp'],
    )
    assert.equal(new Set(sockets.map(({ listen }) => formatListenAddress(listen))).size, 1)
    for (const { fd } of sockets) closeSocket(fd)
  })

  test('a UDP address that is taken is named although its holder allows to share it, and nothing stays open', () => {
    const [held, ...rest] = openListeningSockets([loopback()], 1)
    closeSocket(held!.fd)
    const { port } = held!.listen
    assert.throws(() => openListeningSockets([loopback(port)], 2), {
      code: 'TRANSPORT_ADDRESS_IN_USE',
      message: `127.0.0.1:${port} (UDP) is in use by another program`,
    })
    for (const { fd } of rest) closeSocket(fd)
    for (const { fd } of openListeningSockets([loopback(port)], 1)) closeSocket(fd)
  })

  test('a TCP address that is taken is named', () => {
    const sockets = openListeningSockets([loopback()], 0)
    const { port } = sockets[0]!.listen
    assert.throws(() => openListeningSockets([loopback(port)], 1), { code: 'TRANSPORT_ADDRESS_IN_USE', message: /\(TCP\)/ })
    closeSocket(sockets[0]!.fd)
  })

  test('an address of another machine is named', () => {
    assert.throws(() => openUdpSocket({ address: findAddress('192.0.2.1')!, port: 0 }, { reusePort: false }), {
      code: 'TRANSPORT_ADDRESS_NOT_LOCAL',
      message: /^192\.0\.2\.1:0 \(UDP\)/,
    })
  })
})

describe('assignSockets', () => {
  const udp = (fd: number, address: string): ListeningSocket => ({ fd, kind: 'udp', listen: { address: findAddress(address)!, port: 53 } })
  const cases: readonly {
    readonly name: string
    readonly sockets: readonly ListeningSocket[]
    readonly threads: number
    readonly expected: readonly (readonly number[])[]
  }[] = [
    { name: 'one socket a thread', sockets: [udp(3, '127.0.0.1'), udp(4, '127.0.0.1')], threads: 2, expected: [[3], [4]] },
    {
      name: 'one socket of each address a thread',
      sockets: [udp(3, '127.0.0.1'), udp(4, '127.0.0.1'), udp(5, '::1'), udp(6, '::1')],
      threads: 2,
      expected: [
        [3, 5],
        [4, 6],
      ],
    },
    {
      name: 'more sockets than threads: all are read',
      sockets: [udp(3, '127.0.0.1'), udp(4, '127.0.0.1'), udp(5, '127.0.0.1')],
      threads: 2,
      expected: [[3, 5], [4]],
    },
    { name: 'one socket of systemd: the threads share it', sockets: [udp(3, '127.0.0.1')], threads: 2, expected: [[3], [3]] },
    { name: 'TCP alone: no answer thread', sockets: [], threads: 2, expected: [] },
  ]
  for (const { name, sockets, threads, expected } of cases) {
    test(name, () => {
      const fds = assignSockets(sockets, threads).udp.map((sources) => sources.map((source) => ('fd' in source ? source.fd : -1)))
      assert.deepEqual(fds, expected)
    })
  }
})
