/** Asks a server single questions by UDP: whether it answers, and whether what it answers is what the table says. Shell. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { answerOf, encodeQuery, scopeOf } from '../../test/support/dns-load.ts'
import type { GeoChoice } from './contender.ts'
import { findLine, findScope, formatIpv4, LOOPBACK_COUNT, makeRandom, type PrefixTable, parseIpv4 } from './prefix-table.ts'
import { lineAddress, STEERED_NAME } from './zone-data.ts'

/** How long a reply may take. */
const REPLY_TIMEOUT_MS = 200
/** Client subnets that are asked of each server. */
const SAMPLED_SUBNETS = 500

/** How many answers were those of the table; undefined where the server has no such choice. */
export type AnswerCheck = {
  /** Of client subnets drawn at random. */
  readonly bySubnet: SubnetCheck | undefined
  /** Of the source addresses of the load generator's clients. */
  readonly bySource: { readonly right: number; readonly asked: number } | undefined
}

/** Answers to client subnets, and their scopes. */
export type SubnetCheck = {
  readonly asked: number
  readonly right: number
  /** Scopes in which some address has another answer: a resolver's cache would give it this one (RFC 7871 §7.2.1). */
  readonly scopesTooShort: number
  /** Scopes longer than needed: resolvers ask and keep more than they would have to. */
  readonly scopesTooLong: number
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

async function askTwice(port: number, question: Question): Promise<Buffer | undefined> {
  // On a busy machine one reply may be late.
  return (await askOnce(port, question)) ?? (await askOnce(port, question))
}

/** Compares a server's answers for the steered name with the table. */
export async function checkAnswers(port: number, geo: GeoChoice, table: PrefixTable): Promise<AnswerCheck> {
  return {
    bySubnet: geo === 'client subnet' ? await checkSubnets(port, table) : undefined,
    bySource: geo === 'none' ? undefined : await checkSources(port, table),
  }
}

async function checkSources(port: number, table: PrefixTable): Promise<NonNullable<AnswerCheck['bySource']>> {
  let right = 0
  for (let client = 0; client < LOOPBACK_COUNT; client++) {
    const source = `127.64.${client}.1`
    const reply = await askTwice(port, { name: STEERED_NAME, source })
    if (reply !== undefined && answerOf(reply) === lineAddress(findLine(table, parseIpv4(source)))) right++
  }
  return { right, asked: LOOPBACK_COUNT }
}

async function checkSubnets(port: number, table: PrefixTable): Promise<SubnetCheck> {
  let [right, scopesTooShort, scopesTooLong] = [0, 0, 0]
  for (const address of drawSubnets()) {
    const reply = await askTwice(port, { name: STEERED_NAME, subnet: `${formatIpv4(address)}/24` })
    if (reply === undefined) continue
    if (answerOf(reply) === lineAddress(findLine(table, address))) right++
    const [scope, needed] = [scopeOf(reply) ?? 0, findScope(table, address)]
    if (scope < needed) scopesTooShort++
    if (scope > needed) scopesTooLong++
  }
  return { asked: SAMPLED_SUBNETS, right, scopesTooShort, scopesTooLong }
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
