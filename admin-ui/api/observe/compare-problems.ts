/**
 * What was told of a node against what is so on it: events for what differs. Pure. Needed where no event can tell: control or the node died, or
 * more events were raised while they were apart than the node keeps.
 */
import type { NodeProblems } from '../../../cluster/node-problems.ts'
import type { Event, EventKind } from '../../contract/event.ts'
import { judgeEvent, keyOfEvent } from './judge-event.ts'

/** Ends of the details of these events. */
const FOUND = '(found when the node came back)'
const FOUND_OVER = '(found over when the node came back)'

const CLEARED = { severity: 'info', state: 'cleared' } as const

/** Events for what differs; `told` has the newest event of this node by keyOfEvent. */
export function compareProblems(
  node: string,
  told: ReadonlyMap<string, Event>,
  present: NodeProblems,
  nowMs: number,
): readonly Omit<Event, 'id'>[] {
  const events: Omit<Event, 'id'>[] = []
  const now = new Date(nowMs).toISOString()
  const seen = new Set<string>()
  const keyOf = (kind: EventKind, subject: string, detail: string): string => keyOfEvent({ kind, node, subject, detail })
  const isProblem = (event: Event | undefined): boolean => event !== undefined && judgeEvent(event).state === 'problem'
  const clear = ({ kind, subject }: Event, detail: string): void => void events.push({ at: now, node, kind, subject, detail, ...CLEARED })

  for (const { endpoint, address, standing, since } of present.standings) {
    const key = keyOf('standing', endpoint, `${address} ${standing} → ${standing}`)
    seen.add(key)
    // Nothing was measured since the node started: the first samples tell.
    if (standing === 'unknown') continue
    const event = told.get(key)
    const before = (event !== undefined && toldStanding(event.detail)) || 'unknown'
    if (before === standing) continue
    if (standing !== 'up') {
      const detail = `${address} ${before} → ${standing} ${FOUND}`
      events.push({ at: since ?? now, node, kind: 'standing', subject: endpoint, detail, ...judgeEvent({ kind: 'standing', detail }) })
    } else if (isProblem(event)) clear(event!, `${address} ${before} → up ${FOUND_OVER}`)
  }
  for (const [key, event] of told) {
    if (event.kind !== 'standing' || seen.has(key) || !isProblem(event)) continue
    const before = toldStanding(event.detail)
    // Of a gate only its own events tell.
    if (before !== undefined) clear(event, `${event.detail.split(' ', 1)[0]} ${before} → gone, probed no longer ${FOUND_OVER}`)
  }

  /** Problems that are there or not, by subject. */
  const compareSubjects = (kind: EventKind, subjects: readonly string[], begins: string, ends: string): void => {
    const standing = new Set(subjects)
    for (const subject of standing) {
      if (isProblem(told.get(keyOf(kind, subject, begins)))) continue
      const detail = `${begins} ${FOUND}`
      events.push({ at: now, node, kind, subject, detail, ...judgeEvent({ kind, detail }) })
    }
    for (const event of told.values())
      if (event.kind === kind && isProblem(event) && !standing.has(event.subject)) clear(event, `${ends} ${FOUND_OVER}`)
  }
  compareSubjects('fail-open', present.failOpen, 'answers without an eligible endpoint', 'has eligible endpoints again')
  if (present.isolated !== null) compareSubjects('isolation', present.isolated ? [node] : [], 'isolated', 'no longer isolated')
  if (present.overloaded !== null)
    compareSubjects('capacity', present.overloaded, 'beyond its hard capacity: gets no clients', 'below its hard capacity again')
  return events
}

function toldStanding(detail: string): string | undefined {
  return / → (unknown|down|degraded|up)\b/.exec(detail)?.[1]
}
