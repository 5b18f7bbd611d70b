/**
 * A steady UDP client for end-to-end tests: asks one name with one client subnet at a fixed rate, matches replies by id, and
 * keeps when each query was sent and what it got. Uses dns-packet, so that our codec does not judge itself.
 */
import { createSocket, type Socket } from 'node:dgram'
import { connect } from 'node:net'
import * as dnsPacket from 'dns-packet'

/** One query and its fate. */
export type LoadResult = {
  readonly sentAt: number
  /** Answer addresses joined by ",", or the rcode ("SERVFAIL", …), or "EMPTY"; undefined = no reply. */
  answer: string | undefined
  repliedAt: number
}

/** A running load. */
export type Load = {
  readonly results: readonly LoadResult[]
  /** Stops sending, waits up to `graceMs` for the last replies. */
  stop(graceMs: number): Promise<readonly LoadResult[]>
}

/** Encodes an A query with a client subnet. */
export function encodeQuery(id: number, name: string, subnet: string | undefined, type: string = 'A'): Buffer {
  const options: unknown[] = []
  if (subnet !== undefined) {
    const [address, length] = subnet.split('/')
    options.push({
      code: 'CLIENT_SUBNET',
      family: address!.includes(':') ? 2 : 1,
      sourcePrefixLength: Number(length),
      scopePrefixLength: 0,
      ip: address,
    })
  }
  return dnsPacket.encode({
    type: 'query',
    id,
    flags: 0,
    questions: [{ type: type as 'A', name }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 1232, flags: 0, options } as never],
  })
}

/** What a reply says, as LoadResult.answer. */
export function answerOf(reply: Buffer): string {
  const rcode = reply[3]! & 15
  if (rcode !== 0) return ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][rcode] ?? `RCODE${rcode}`
  const addresses = (dnsPacket.decode(reply).answers ?? [])
    .filter((a) => a.type === 'A' || a.type === 'AAAA')
    .map((a) => String((a as { data: unknown }).data))
  return addresses.length === 0 ? 'EMPTY' : addresses.join(',')
}

/** Scope prefix length of the client subnet in a reply; undefined = no client subnet came back. */
export function scopeOf(reply: Buffer): number | undefined {
  type Option = { readonly code?: unknown; readonly type?: unknown; readonly scopePrefixLength?: number }
  const opt = (dnsPacket.decode(reply).additionals ?? []).find((record) => record.type === 'OPT') as { options?: Option[] } | undefined
  return opt?.options?.find((option) => option.code === 8 || option.code === 'CLIENT_SUBNET' || option.type === 'CLIENT_SUBNET')
    ?.scopePrefixLength
}

/** How often each answer came, as text for messages: "192.0.2.1 × 998, no reply × 2". */
export function tally(results: readonly LoadResult[]): string {
  const counts = new Map<string, number>()
  for (const { answer = 'no reply' } of results) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts].map(([answer, count]) => `${answer} × ${count}`).join(', ')
}

/** The given percentile of the times to reply, ms. */
export function replyTimeMs(results: readonly LoadResult[], percentile: number): number {
  const times = results.filter(({ answer }) => answer !== undefined).map(({ sentAt, repliedAt }) => repliedAt - sentAt)
  times.sort((a, b) => a - b)
  return times[Math.min(times.length - 1, Math.floor((times.length * percentile) / 100))] ?? Number.NaN
}

/** Starts asking `perSecond` queries a second until stopped. */
export function startLoad(port: number, name: string, subnets: readonly string[], perSecond: number): Load {
  const results: LoadResult[] = []
  const byId = new Map<number, LoadResult>()
  const sockets: Socket[] = []
  const queries = subnets.map((subnet) => encodeQuery(0, name, subnet))
  // Several sockets, so that SO_REUSEPORT spreads the load over all answer threads.
  for (let s = 0; s < 8; s++) {
    const socket = createSocket('udp4')
    socket.on('message', (reply) => {
      const result = byId.get(reply.readUInt16BE(0))
      if (result === undefined || result.answer !== undefined) return
      result.answer = answerOf(reply)
      result.repliedAt = performance.now()
    })
    socket.on('error', () => {})
    sockets.push(socket)
  }
  const startedAt = performance.now()
  let sent = 0
  let open = true
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000)
    // After a stall of this process the missed queries are not fired as one burst.
    if (due - sent > 200) sent = due - 200
    for (; sent < due; sent++) {
      const id = sent & 0xffff
      const query = Buffer.from(queries[sent % queries.length]!)
      query.writeUInt16BE(id, 0)
      const result: LoadResult = { sentAt: performance.now(), answer: undefined, repliedAt: 0 }
      byId.set(id, result)
      results.push(result)
      sockets[sent % sockets.length]!.send(query, port, '127.0.0.1')
    }
  }, 2)
  return {
    results,
    async stop(graceMs) {
      clearInterval(timer)
      const end = performance.now() + graceMs
      while (performance.now() < end && results.some((r) => r.answer === undefined)) await new Promise((resolve) => setTimeout(resolve, 20))
      if (open) for (const socket of sockets) socket.close()
      open = false
      return results
    },
  }
}

/** Asks once; resolves to the reply, rejects after `timeoutMs`. */
export async function ask(port: number, query: Buffer, timeoutMs: number = 2000): Promise<Buffer> {
  const socket = createSocket('udp4')
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no reply from port ${port} within ${timeoutMs} ms`)), timeoutMs)
      socket.once('message', (reply) => {
        clearTimeout(timer)
        resolve(reply)
      })
      socket.once('error', reject)
      socket.send(query, port, '127.0.0.1')
    })
  } finally {
    socket.close()
  }
}

/** Asks once over TCP; resolves to the reply, rejects after `timeoutMs`. */
export async function askTcp(port: number, query: Buffer, timeoutMs: number = 2000): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no reply over TCP from port ${port} within ${timeoutMs} ms`)), timeoutMs)
      let received = Buffer.alloc(0)
      socket.once('error', reject)
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data])
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
        clearTimeout(timer)
        resolve(received.subarray(2, 2 + received.readUInt16BE(0)))
      })
      const length = Buffer.alloc(2)
      length.writeUInt16BE(query.length)
      socket.write(Buffer.concat([length, query]))
    })
  } finally {
    socket.destroy()
  }
}
