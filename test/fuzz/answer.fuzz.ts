/**
 * Hostile packets into the answer path itself, in memory whose surroundings are watched, and the same packets over and over, to see
 * whether the heap grows.
 */
import { answerQuery } from '../../resolver/answer/answer-query.ts'
import { checkReply } from '../support/check-reply.ts'
import { makeGuard } from '../support/guard-subject.ts'
import { type Draw, drawPacket } from '../support/hostile-packets.ts'
import { hostileSubject } from '../support/hostile-zones.ts'
import type { Finds } from './finds.ts'

/** Growth of the heap that a whole run may show: noise of the collector, not a leak of a query. */
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

/** Every packet checked in full until `endAt`; what was done, in words. */
export function fuzzAnswers(draw: Draw, endAt: number, finds: Finds): string {
  const subject = hostileSubject()
  subject.context.guard = makeGuard().guard
  let count = 0
  for (; performance.now() < endAt && !finds.isFull(); count++) {
    const transport = draw(2)
    const room = transport === 1 ? 4096 : [512, 1232, 4096][draw(3)]!
    const packet = drawPacket(draw).slice(0, room)
    try {
      checkReply(packet, subject.ask(packet, { room, transport }), transport === 1 ? room : Math.min(room, 1232))
    } catch (error) {
      finds.add('answer', error, packet)
    }
  }
  return `${count} packets`
}

/** Nothing else is allocated: what the heap grows by until `endAt` is the answer path's. */
export function fuzzAnswerMemory(draw: Draw, endAt: number, finds: Finds): string {
  const { context } = hostileSubject()
  const packets = Array.from({ length: 2000 }, () => drawPacket(draw).slice(0, 4096))
  const mem = new Uint8Array(65535)
  const src = Uint32Array.of(0, 0, 0xffff, 0xc00002c8)
  const round = (): void => {
    for (const packet of packets) {
      mem.set(packet)
      answerQuery(context, mem, 0, packet.length, 4096, src, 0, 0)
    }
  }
  for (let warm = 0; warm < 50; warm++) round()
  const before = process.memoryUsage().heapUsed
  let rounds = 0
  for (; performance.now() < endAt; rounds++) round()
  const grown = process.memoryUsage().heapUsed - before
  const detail = `${rounds * packets.length} packets, heap ${grown >= 0 ? '+' : ''}${(grown / 1024).toFixed(0)} kB`
  if (grown > MAX_GROWTH_BYTES) finds.add('answer memory', detail)
  return detail
}
