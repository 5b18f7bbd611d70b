/**
 * Listening sockets as plain descriptors: opened by the supervisor (or by `serve`) and handed down, so that a restarted node reads
 * the same queues (DESIGN.md section 2). Shell; Linux only (libc.ts), elsewhere node opens its own sockets.
 */
import type { Address } from '../../geodata/address/address.ts'
import { errnoName, getLibc, type Libc } from './libc.ts'
import { formatListenAddress, isWildcard, type ListenAddress } from './listen-address.ts'
import { bindError, TransportError } from './transport-error.ts'

/** Numbers of <sys/socket.h>, <netinet/in.h> on Linux (equal on x86-64 and arm64). */
export const AF_INET = 2
export const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0x80000
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SO_TYPE = 3
const SO_RCVBUF = 8
const SO_REUSEPORT = 15
const SO_RCVBUFFORCE = 33
const SO_RCVTIMEO = 20
const SO_SNDTIMEO = 21
const IPPROTO_IP = 0
const IPPROTO_IPV6 = 41
const IP_PKTINFO = 8
const IP_MTU_DISCOVER = 10
const IP_PMTUDISC_OMIT = 5
const IPV6_MTU_DISCOVER = 23
const IPV6_V6ONLY = 26
const IPV6_RECVPKTINFO = 49

/** A listening descriptor and what it is. */
export type ListeningSocket = {
  readonly fd: number
  /** `dot` and `doh` listen like TCP, for DNS over TLS and HTTPS. */
  readonly kind: 'udp' | 'tcp' | 'dot' | 'doh'
  readonly listen: ListenAddress
}

/** Receive buffer asked for: a second of 1,000 queries must wait in it while a node restarts (an skb of a query counts about 768 bytes). */
export const RECEIVE_BUFFER_BYTES: number = 4 << 20

function setOption(libc: Libc, fd: number, level: number, option: number, value: number): boolean {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return libc.setsockopt(fd, level, option, bytes, 4) === 0
}

/** sockaddr_in or sockaddr_in6. */
function socketAddress({ address, port }: ListenAddress): Uint8Array {
  const bytes = new Uint8Array(address.family === 4 ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, address.family === 4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  if (address.family === 4) view.setUint32(4, address.words[3])
  else for (let word = 0; word < 4; word++) view.setUint32(8 + 4 * word, address.words[word]!)
  return bytes
}

/** Address a descriptor is bound to. */
export function boundAddress(fd: number): ListenAddress {
  const libc = getLibc()
  const bytes = new Uint8Array(28)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, 28, true)
  if (libc.getsockname(fd, bytes, length) !== 0) throw adoptError(fd, errnoName(libc, libc.errno()))
  const view = new DataView(bytes.buffer)
  const family = view.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) throw adoptError(fd, `address family ${family}`)
  const words = [0, 1, 2, 3].map((word) => view.getUint32(8 + 4 * word)) as [number, number, number, number]
  const address: Address = family === AF_INET ? { family: 4, words: [0, 0, 0xffff, view.getUint32(4)] } : { family: 6, words }
  return { address, port: view.getUint16(2) }
}

function adoptError(fd: number, reason: string): TransportError {
  return new TransportError(
    'TRANSPORT_INHERITED_FD',
    `descriptor ${fd} is not a socket nearcast can use (${reason})`,
    'pass UDP and TCP sockets of IPv4 or IPv6, e.g. with ListenDatagram= and ListenStream= of a systemd socket unit',
  )
}

/** Options that a UDP socket of ours has, opened or adopted. */
function prepareUdp(libc: Libc, fd: number, listen: ListenAddress): void {
  const bytes = RECEIVE_BUFFER_BYTES
  // Above net.core.rmem_max only with CAP_NET_ADMIN; without it the kernel gives what it allows.
  if (!setOption(libc, fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes)) setOption(libc, fd, SOL_SOCKET, SO_RCVBUF, bytes)
  if (listen.address.family === 4) {
    // Forged "fragmentation needed" messages must not shrink our replies to fragments an attacker can replace: ignore path MTU.
    setOption(libc, fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)
    if (isWildcard(listen.address)) setOption(libc, fd, IPPROTO_IP, IP_PKTINFO, 1)
  } else {
    setOption(libc, fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_OMIT)
    if (isWildcard(listen.address)) setOption(libc, fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
  }
}

/** Opens a bound UDP socket. Throws TransportError naming the address. */
export function openUdpSocket(listen: ListenAddress, options: { readonly reusePort: boolean }): number {
  const libc = getLibc()
  const fd = openSocket(libc, listen, SOCK_DGRAM, options.reusePort ? SO_REUSEPORT : 0, 'UDP')
  prepareUdp(libc, fd, listen)
  return fd
}

/** Opens a listening TCP socket. Throws TransportError naming the address. */
export function openTcpSocket(listen: ListenAddress, options: { readonly backlog: number }): number {
  const libc = getLibc()
  const fd = openSocket(libc, listen, SOCK_STREAM, SO_REUSEADDR, 'TCP')
  if (libc.listen(fd, options.backlog) === 0) return fd
  const name = errnoName(libc, libc.errno())
  libc.close(fd)
  throw bindError(`${formatListenAddress(listen)} (TCP)`, name)
}

function openSocket(libc: Libc, listen: ListenAddress, type: number, reuse: number, label: string): number {
  const what = `${formatListenAddress(listen)} (${label})`
  const fd = libc.socket(listen.address.family === 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0)
  if (fd < 0) throw bindError(what, errnoName(libc, libc.errno()))
  // [::] must not take 0.0.0.0 with it: the two are listed apart.
  if (listen.address.family === 6) setOption(libc, fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)
  if (reuse !== 0) setOption(libc, fd, SOL_SOCKET, reuse, 1)
  const address = socketAddress(listen)
  if (libc.bind(fd, address, address.length) === 0) return fd
  const name = errnoName(libc, libc.errno())
  libc.close(fd)
  throw bindError(what, name)
}

/**
 * Looks at a descriptor that somebody handed us (supervisor, systemd) and prepares it; its name "dot" or "doh" says what a listening
 * TCP socket is for. Throws TRANSPORT_INHERITED_FD.
 */
export function adoptSocket(fd: number, name: string = ''): ListeningSocket {
  const libc = getLibc()
  const value = new Uint8Array(4)
  const length = new Uint8Array([4, 0, 0, 0])
  if (libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, value, length) !== 0) throw adoptError(fd, errnoName(libc, libc.errno()))
  const listen = boundAddress(fd)
  if (value[0] === SOCK_STREAM) return { fd, kind: name === 'dot' || name === 'doh' ? name : 'tcp', listen }
  if (value[0] !== SOCK_DGRAM) throw adoptError(fd, `socket type ${value[0]}`)
  prepareUdp(libc, fd, listen)
  return { fd, kind: 'udp', listen }
}

/**
 * Opens all sockets of some listen addresses: `udpCount` UDP sockets each (SO_REUSEPORT) and one TCP socket each, and one for each
 * encrypted transport. Binds UDP once
 * without SO_REUSEPORT before: with it a second server of the same user would silently get half of the queries.
 */
export function openListeningSockets(
  addresses: readonly ListenAddress[],
  udpCount: number,
  encrypted: readonly { readonly kind: 'dot' | 'doh'; readonly listen: ListenAddress }[] = [],
): ListeningSocket[] {
  const opened: ListeningSocket[] = []
  try {
    for (const wanted of addresses) {
      const tcpFd = openTcpSocket(wanted, { backlog: 511 })
      const listen = wanted.port === 0 ? boundAddress(tcpFd) : wanted
      opened.push({ fd: tcpFd, kind: 'tcp', listen })
      closeSocket(openUdpSocket(listen, { reusePort: false }))
      for (let n = 0; n < udpCount; n++) opened.push({ fd: openUdpSocket(listen, { reusePort: true }), kind: 'udp', listen })
    }
    for (const { kind, listen: wanted } of encrypted) {
      const fd = openTcpSocket(wanted, { backlog: 511 })
      opened.push({ fd, kind, listen: wanted.port === 0 ? boundAddress(fd) : wanted })
    }
    return opened
  } catch (error) {
    for (const { fd } of opened) closeSocket(fd)
    throw error
  }
}

/** A second descriptor of the same socket, for a worker that closes its own. */
export function duplicateSocket(fd: number): number {
  const libc = getLibc()
  const copy = libc.dup(fd)
  if (copy < 0) throw adoptError(fd, errnoName(libc, libc.errno()))
  return copy
}

/** Closes a descriptor. */
export function closeSocket(fd: number): void {
  getLibc().close(fd)
}

/** Bounds blocking calls in time: without it a thread in recvmmsg can neither be stopped nor leave room for the process's exit. */
export function setTimeouts(fd: number, receiveMs: number, sendMs: number): void {
  const libc = getLibc()
  for (const [option, timeoutMs] of [
    [SO_RCVTIMEO, receiveMs],
    [SO_SNDTIMEO, sendMs],
  ] as const) {
    const bytes = new Uint8Array(16)
    const view = new DataView(bytes.buffer)
    view.setBigInt64(0, BigInt(Math.floor(timeoutMs / 1000)), true)
    view.setBigInt64(8, BigInt((timeoutMs % 1000) * 1000), true)
    libc.setsockopt(fd, SOL_SOCKET, option, bytes, 16)
  }
}
