/**
 * How bad an event is, and whether it begins or ends a problem, from its kind and sentence. Pure. Who raises an event may say so itself;
 * that goes first. Webhooks and the feed go by it, so that no emitter has to know them.
 */
import type { Event } from '../../contract/event.ts'

/** What is known of an event from its words. */
export type Judgement = Required<Pick<Event, 'severity'>> & Pick<Event, 'state'>

const NOTE: Judgement = { severity: 'info' }
const CLEARED: Judgement = { severity: 'info', state: 'cleared' }
const WARNING: Judgement = { severity: 'warning', state: 'problem' }
const CRITICAL: Judgement = { severity: 'critical', state: 'problem' }

/** Judges an event. */
export function judgeEvent({ kind, detail, severity, state }: Pick<Event, 'kind' | 'detail' | 'severity' | 'state'>): Judgement {
  if (severity !== undefined) return state === undefined ? { severity } : { severity, state }
  switch (kind) {
    case 'standing':
      return judgeStanding(detail)
    case 'fail-open':
      return /^has eligible endpoints again/.test(detail) ? CLEARED : CRITICAL
    case 'node':
      return /lost|away|gone/.test(detail) ? CRITICAL : CLEARED
    case 'zone':
      if (/^expired/.test(detail)) return CRITICAL
      return /^not refreshed/.test(detail) ? WARNING : CLEARED
    case 'geodata':
      return /^(refused|waits)/.test(detail) ? WARNING : CLEARED
    case 'certificate':
      return /^not used/.test(detail) ? WARNING : CLEARED
    case 'isolation':
      return /^(no longer|not|reaches|over)/.test(detail) ? CLEARED : WARNING
    case 'capacity':
      return / again$/.test(detail) ? CLEARED : WARNING
    case 'worker-replaced':
    case 'clock':
      return { severity: 'warning' }
    default:
      return NOTE
  }
}

function judgeStanding(detail: string): Judgement {
  const to = /→ (up|down|degraded|unknown)\b/.exec(detail)?.[1]
  if (to === 'down') return CRITICAL
  if (to === 'up') return CLEARED
  if (to !== undefined) return WARNING
  if (/ closed\b/.test(detail)) return WARNING
  return / open again/.test(detail) ? CLEARED : NOTE
}

/**
 * What an event is about, as a key: its newest event tells how that stands now. An address of an endpoint, and each of its gates, stand
 * for themselves, and so does what another node sees.
 */
export function keyOfEvent({ kind, node, subject, detail }: Pick<Event, 'kind' | 'node' | 'subject' | 'detail'>): string {
  const aspect = kind === 'standing' ? (/^\S+ gate \S+ % \/ \S+ ms|^\S+(?= \S+ → )/.exec(detail)?.[0] ?? '') : ''
  return [kind, node, subject, aspect].join('\n')
}
