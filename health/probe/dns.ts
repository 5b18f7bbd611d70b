/**
 * Probe kind `dns`: one question over UDP, over TCP when the answer is cut (TC), judged by response code and records. The socket is
 * connected: the kernel passes only packets of the asked address and port, and tells when nobody listens there.
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { isIPv6 } from 'node:net'
import type { ProbeSpec } from '../model/rank-plan.ts'
import { type DnsAnswer, decodeAnswer, encodeQuery, isAnswerTo } from './dns-message.ts'
import { openConnection } from './open-connection.ts'
import { failureOf } from './probe-error.ts'
import { ProbeFault } from './probe-fault.ts'
import type { ProbeKind, ProbeOutcome, ProbeRun } from './probe-kind.ts'

/** Asks the question and judges the answer. */
export const probeDns: ProbeKind = async (spec, address, run) => {
  const startedMs = run.now()
  const type = spec.queryType ?? 'A'
  const query = encodeQuery(randomInt(0x1_0000), spec.queryName ?? '.', type)
  try {
    let answer = read(await askUdp(spec, address, query, run), query, type)
    run.phases.firstByteMs = run.now() - startedMs
    if (answer.truncated) answer = read(await askTcp(spec, address, query, run), query, type)
    if (answer.truncated) throw new ProbeFault('protocol', 'the answer over TCP is cut as well')
    if (run.details !== undefined) run.details.text = [answer.rcode, ...answer.data].join('\n')
    return judge(spec, answer)
  } catch (error) {
    return { ok: false, ...failureOf(error, run.signal.aborted) }
  }
}

function read(message: Buffer, query: Buffer, type: string): DnsAnswer {
  const answer = decodeAnswer(message, query, type)
  if (answer === undefined) throw new ProbeFault('protocol', 'the answer cannot be read: it is no good DNS message')
  return answer
}

function judge(spec: ProbeSpec, { rcode, data }: DnsAnswer): ProbeOutcome {
  const expected = spec.expectRcode ?? 'NOERROR'
  const question = `${spec.queryName} ${spec.queryType ?? 'A'}`
  if (rcode !== expected) return { ok: false, failure: 'answer', detail: `${question} gives ${rcode}, expected ${expected}` }
  const missing = (spec.expectAnswer ?? []).find((wanted) => !data.includes(wanted))
  if (missing === undefined) return { ok: true, detail: `${rcode}, ${data.length} records` }
  const found = data.length === 0 ? 'no such record' : data.slice(0, 8).join('; ')
  return { ok: false, failure: 'answer', detail: `${question} gives ${found.slice(0, 300)}, without ${missing}` }
}

function askUdp(spec: ProbeSpec, address: string, query: Buffer, run: ProbeRun): Promise<Buffer> {
  run.waitsFor = 'the answer over UDP'
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  return new Promise<Buffer>((resolve, reject) => {
    const abort = (): void => reject(new ProbeFault('timeout', 'no answer'))
    if (run.signal.aborted) abort()
    run.signal.addEventListener('abort', abort, { once: true })
    socket.on('error', reject)
    // Anything else that comes from there is no answer to this question: it is waited on.
    socket.on('message', (message) => {
      if (isAnswerTo(message, query)) resolve(message)
    })
    socket.connect(spec.port, address, () => socket.send(query))
  }).finally(() => {
    socket.removeAllListeners()
    socket.on('error', () => undefined)
    socket.close()
  })
}

async function askTcp(spec: ProbeSpec, address: string, query: Buffer, run: ProbeRun): Promise<Buffer> {
  const socket = await openConnection(spec, address, run)
  run.waitsFor = 'the answer over TCP'
  try {
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.length)
    socket.write(Buffer.concat([length, query]))
    let got = Buffer.alloc(0)
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      got = Buffer.concat([got, chunk])
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) continue
      const message = got.subarray(2, 2 + got.readUInt16BE(0))
      if (!isAnswerTo(message, query)) throw new ProbeFault('protocol', 'the answer over TCP is not to our question')
      return message
    }
    throw new ProbeFault('reset', 'the connection was closed before the whole answer came')
  } finally {
    socket.destroy()
  }
}
