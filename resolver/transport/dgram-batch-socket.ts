/**
 * BatchSocket on node:dgram, for systems without koffi or recvmmsg: less than half of the speed (0.4 measured, bench/answer.bench.ts). Shell.
 * It cannot block: the loop awaits `arrived` and then takes with `receive(max, 0)` what the event loop has brought.
 * Limit: on a wildcard address the system chooses the reply's source address (node has no IP_PKTINFO); listen on each address instead.
 */
import { createSocket, type RemoteInfo } from 'node:dgram'
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import { type BatchSocket, PACKET_STRIDE_BYTES, UDP_REPLY_ROOM_BYTES } from './batch-socket.ts'
import { formatListenAddress, type ListenAddress } from './listen-address.ts'
import { RECEIVE_BUFFER_BYTES } from './raw-socket.ts'
import { bindError } from './transport-error.ts'

/** Messages kept while the loop is behind; beyond it they are dropped, as a full socket buffer does. */
const QUEUE_LIMIT = 4096

/** Where the socket comes from: a descriptor that is already bound, or an address to bind. */
export type DgramSource = { readonly fd: number; readonly family: 4 | 6 } | { readonly listen: ListenAddress; readonly reusePort: boolean }

/** Opens or adopts the socket. `listen` of the result is the address it is bound to. */
export async function createDgramBatchSocket(
  source: DgramSource,
  batchSize: number,
): Promise<BatchSocket & { readonly listen: ListenAddress }> {
  const family = 'fd' in source ? source.family : source.listen.address.family
  const reusePort = 'fd' in source ? false : source.reusePort
  const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', reusePort, ipv6Only: family === 6 })
  const n = batchSize
  const mem = new Uint8Array(n * PACKET_STRIDE_BYTES)
  const off = new Uint32Array(n)
  for (let i = 0; i < n; i++) off[i] = i * PACKET_STRIDE_BYTES
  const len = new Uint32Array(n)
  const src = new Uint32Array(4 * n)
  const port = new Uint16Array(n)
  const peers: RemoteInfo[] = []
  const queue: { readonly message: Buffer; readonly peer: RemoteInfo }[] = []
  let wake: (() => void) | undefined
  let sendFailures = 0

  socket.on('message', (message, peer) => {
    if (queue.length < QUEUE_LIMIT) queue.push({ message, peer })
    // After the poll phase, not now: all messages that this turn of the event loop brings make one batch.
    if (queue.length === 1) setImmediate(() => wake?.())
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const what = 'listen' in source ? `${formatListenAddress(source.listen)} (UDP)` : `descriptor ${source.fd} (UDP)`
      reject(bindError(what, error.code ?? error.message, error))
    })
    if ('fd' in source) socket.bind({ fd: source.fd }, resolve)
    else socket.bind({ port: source.listen.port, address: formatAddress(source.listen.address) }, resolve)
  })
  socket.removeAllListeners('error')
  socket.on('error', () => sendFailures++)
  try {
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES)
  } catch {
    // The system's own size stays; the queue above holds bursts.
  }

  function receive(max: number): number {
    const taken = queue.splice(0, Math.min(max, n))
    for (const [i, { message, peer }] of taken.entries()) {
      len[i] = Math.min(message.length, PACKET_STRIDE_BYTES)
      mem.set(message.subarray(0, len[i]), off[i])
      peers[i] = peer
      port[i] = peer.port
      const words = findAddress(peer.address.replace(/%.*$/, ''))?.words ?? [0, 0, 0, 0]
      src.set(words, 4 * i)
    }
    return taken.length
  }

  function send(count: number): number {
    let sent = 0
    for (let i = 0; i < count; i++) {
      if (len[i] === 0) continue
      const { address, port } = peers[i]!
      if (port === 0) {
        sendFailures++
        continue
      }
      // A copy: the slot is written again before node has handed a queued message to the system.
      const reply = Buffer.from(mem.subarray(off[i], off[i]! + len[i]!))
      socket.send(reply, port, address, (error) => {
        if (error) sendFailures++
      })
      sent++
    }
    return sent
  }

  const arrived = (waitMs: number): Promise<void> =>
    new Promise((resolve) => {
      if (queue.length > 0) {
        setImmediate(resolve)
        return
      }
      const timer = setTimeout(() => wake?.(), waitMs)
      wake = () => {
        clearTimeout(timer)
        wake = undefined
        resolve()
      }
    })

  const bound = socket.address()
  const listen = { address: findAddress(bound.address)!, port: bound.port }
  const local = Uint32Array.of(...listen.address.words, listen.port)
  return {
    mem,
    off,
    len,
    src,
    port,
    localOf: () => local,
    room: UDP_REPLY_ROOM_BYTES,
    receive,
    send,
    returnAddress: (i) => ({ name: peers[i]!, control: undefined }),
    sendLater: ({ name }, reply) => {
      const { address, port } = name as RemoteInfo
      if (port === 0) sendFailures++
      else
        socket.send(Buffer.from(reply), port, address, (error) => {
          if (error) sendFailures++
        })
    },
    arrived,
    sendFailureCount: () => sendFailures,
    close: () => socket.close(),
    listen,
  }
}
