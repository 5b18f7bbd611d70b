/** Asks a server single questions by UDP: whether it answers, and whether what it answers is what the table says. Shell. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { answerOf, encodeQuery } from '../../test/support/dns-load.ts'
import type { GeoChoice } from './contender.ts'
import { findLine, formatIpv4, LINE_COUNT, makeRandom, type PrefixTable } from './prefix-table.ts'
import { lineAddress, STEERED_NAME } from './zone-data.ts'

/** How long a reply may take. */
const REPLY_TIMEOUT_MS = 200
/** Client subnets that are asked of each server. */
const SAMPLED_SUBNETS = 500

/** How many answers were those of the table; undefined where the server has no such choice. */
export type AnswerCheck = {
  /** Of client subnets drawn at random. */
  readonly bySubnet: { readonly right: number; readonly asked: number } | undefined
  /** Of one source address a line. */
  readonly bySource: { readonly right: number; readonly asked: number } | undefined
}

/** A question. */
type Question = {
  readonly name: string
  /** Client subnet as text; none when undefined. */
  readonly subnet?: string
  /** Address that it is sent from [127.0.0.1]. */
  readonly source?: string
}

/** The reply to one query; undefined when none comes in time: the server is not there yet, or the query was lost. */
export async function askOnce(port: number, { name, subnet, source = '127.0.0.1' }: Question): Promise<Buffer | undefined> {
  const socket = createSocket('udp4')
  try {
    socket.bind(0, source)
    await once(socket, 'listening')
    socket.send(encodeQuery(1, name, subnet), port, '127.0.0.1')
    const [reply] = (await once(socket, 'message', { signal: AbortSignal.timeout(REPLY_TIMEOUT_MS) })) as [Buffer]
    return reply
  } catch (error) {
    if ((error as Error).name === 'AbortError') return undefined
    throw error
  } finally {
    socket.close()
  }
}

/** Whether a reply is NOERROR with an address. */
export function hasAddress(reply: Buffer): boolean {
  return /^\d/.test(answerOf(reply))
}

async function askAddress(port: number, question: Question): Promise<string | undefined> {
  // A second time: on a busy machine one reply may be late.
  const reply = (await askOnce(port, question)) ?? (await askOnce(port, question))
  return reply === undefined ? undefined : answerOf(reply)
}

/** Compares a server's answers for the steered name with the table. */
export async function checkAnswers(port: number, geo: GeoChoice, table: PrefixTable): Promise<AnswerCheck> {
  if (geo === 'none') return { bySubnet: undefined, bySource: undefined }
  let [subnetsRight, sourcesRight] = [0, 0]
  for (let line = 1; line <= LINE_COUNT; line++)
    if ((await askAddress(port, { name: STEERED_NAME, source: `127.0.${line}.1` })) === lineAddress(line)) sourcesRight++
  const bySource = { right: sourcesRight, asked: LINE_COUNT }
  if (geo === 'source address') return { bySubnet: undefined, bySource }
  for (const address of drawSubnets()) {
    const answer = await askAddress(port, { name: STEERED_NAME, subnet: `${formatIpv4(address)}/24` })
    if (answer === lineAddress(findLine(table, address))) subnetsRight++
  }
  return { bySubnet: { right: subnetsRight, asked: SAMPLED_SUBNETS }, bySource }
}

/** First addresses of /24 networks, as the load generator draws them: unicast, neither private nor loopback. */
function* drawSubnets(): Generator<number> {
  const random = makeRandom(24)
  for (let drawn = 0; drawn < SAMPLED_SUBNETS; ) {
    const first = 1 + Math.floor(random() * 223)
    if (first === 10 || first === 127) continue
    drawn++
    yield first * 2 ** 24 + Math.floor(random() * 65536) * 256
  }
}
