/**
 * What happened, in the reader's language. English comes ready from the server; for other languages its sentences are known by their form
 * and their parts are put into the page's words. A sentence that is not known stays English, which is better than none.
 */
import type { Event } from '../../contract/event.ts'
import type { Language } from './format.ts'
import { words } from './i18n.ts'

type Form = {
  readonly kind: Event['kind'] | 'any'
  readonly form: RegExp
  /** Key below `eventDetails` (messages/zh-CN.ts); its placeholders are the form's named groups. */
  readonly key: string
}

/** Parts that are sentences or words themselves, by the name of their group. */
const INNER: ReadonlySet<string> = new Set(['evidence', 'comment', 'why', 'reason', 'action', 'times'])

const FORMS: readonly Form[] = [
  { kind: 'node', form: /^connected$/, key: 'connected' },
  { kind: 'node', form: /^connection lost$/, key: 'connectionLost' },
  { kind: 'publish', form: /^published by (?<account>\S+): (?<comment>.+)$/s, key: 'publishedWhy' },
  { kind: 'publish', form: /^published by (?<account>\S+)$/, key: 'publishedBy' },
  { kind: 'generation', form: /^live with digest (?<digest>\S+)$/, key: 'digest' },
  { kind: 'fail-open', form: /^answers without an eligible endpoint$/, key: 'failOpen' },
  { kind: 'fail-open', form: /^has eligible endpoints again$/, key: 'failOpenEnded' },
  { kind: 'certificate', form: /^new certificate for (?<names>.+), ends (?<at>\S+)$/, key: 'certificate' },
  { kind: 'certificate', form: /^not used: (?<text>.+)$/s, key: 'certificateUnused' },
  { kind: 'worker-replaced', form: /^its heartbeat stood still$/, key: 'stoodStill' },
  { kind: 'worker-replaced', form: /^it was silent for (?<count>\d+) ms$/, key: 'silent' },
  { kind: 'worker-replaced', form: /^it ended with code (?<code>-?\d+)$/, key: 'endedWithCode' },
  { kind: 'worker-replaced', form: /^it ended$/, key: 'ended' },
  { kind: 'worker-replaced', form: /^it failed: (?<text>.+)$/s, key: 'failed' },
  { kind: 'zone', form: /^expired: no primary answered for too long; it is answered SERVFAIL$/, key: 'zoneExpired' },
  { kind: 'zone', form: /^reached again: (?<address>\S+)$/, key: 'zoneReached' },
  { kind: 'zone', form: /^not refreshed, what is there stays: (?<text>.+)$/s, key: 'zoneNotRefreshed' },
  { kind: 'any', form: /^(?<how>[AI]XFR) of (?<zone>\S+) from (?<address>\S+), serial (?<serial>\d+)$/, key: 'transferred' },
  { kind: 'geodata', form: /^rejected by (?<account>\S+)$/, key: 'geodataRejected' },
  { kind: 'geodata', form: /^refused, the data in use stays: (?<text>.+)$/s, key: 'geodataRefused' },
  {
    kind: 'geodata',
    form: /^waits for confirmation: (?<moved>\S+) % would move, the limit is (?<limit>\S+) %$/,
    key: 'geodataWaits',
  },
  { kind: 'geodata', form: /^live, (?<comment>.+)$/s, key: 'live' },
  // Comments of publishes that nobody typed.
  { kind: 'any', form: /^first document, (?<file>.+)$/, key: 'firstDocument' },
  { kind: 'any', form: /^update of (?<zones>.+)$/, key: 'updateOf' },
  { kind: 'any', form: /^(?<count>\d+) updates of (?<zones>.+)$/, key: 'updatesOf' },
  { kind: 'any', form: /^geodata rolled back$/, key: 'geodataRolledBack' },
  { kind: 'any', form: /^geodata confirmed, (?<moved>\S+) % moved$/, key: 'geodataConfirmed' },
  { kind: 'any', form: /^geodata (?<why>.+), (?<moved>\S+) % moved$/, key: 'geodataRefreshed' },
  { kind: 'isolation', form: /^cut off: the ranking of endpoints elsewhere stays as it was \((?<why>.+)\)$/, key: 'cutOff' },
  { kind: 'isolation', form: /^reaches endpoints elsewhere again \((?<why>.+)\)$/, key: 'reachesAgain' },
  {
    kind: 'isolation',
    form: /^(?<count>\d+) other vantages? heard, (?<failing>\d+) references fail$/,
    key: 'vantagesHeard',
  },
  { kind: 'capacity', form: /^beyond its hard capacity: gets no clients$/, key: 'beyondCapacity' },
  { kind: 'capacity', form: /^below its hard capacity again$/, key: 'belowCapacity' },
  { kind: 'clock', form: /^the wall clock jumped (?<count>\S+) s forward; nothing expires by it$/, key: 'clockForward' },
  { kind: 'clock', form: /^the wall clock jumped (?<count>\S+) s back; nothing expires by it$/, key: 'clockBack' },
  // Standings: evidence and gates.
  { kind: 'standing', form: /^\(probe (?<probe>\S+), (?<evidence>.*)\)$/s, key: 'probe' },
  { kind: 'standing', form: /^(?<address>\S+) gate (?<gate>\S+ % \/ \S+ ms) open again$/, key: 'gateOpen' },
  { kind: 'standing', form: /^(?<address>\S+) gate (?<gate>\S+ % \/ \S+ ms) closed \((?<reason>.+)\)$/, key: 'gateClosed' },
  { kind: 'standing', form: /^error rate surely beyond it$/, key: 'errorRateBeyond' },
  { kind: 'standing', form: /^median latency beyond it$/, key: 'latencyBeyond' },
  { kind: 'standing', form: /^failures in a row$/, key: 'failuresInRow' },
  { kind: 'standing', form: /^refused: (?<text>.*)$/s, key: 'probeRefused' },
  { kind: 'standing', form: /^timeout: no result within (?<count>\d+) ms$/, key: 'probeTimeout' },
  { kind: 'standing', form: /^timeout: (?<text>.*)$/s, key: 'probeTimedOut' },
  { kind: 'standing', form: /^unreachable: (?<text>.*)$/s, key: 'probeUnreachable' },
  { kind: 'standing', form: /^reset: (?<text>.*)$/s, key: 'probeReset' },
  { kind: 'standing', form: /^tls: (?<text>.*)$/s, key: 'probeTls' },
  { kind: 'standing', form: /^certificate: (?<text>.*)$/s, key: 'probeCertificate' },
  { kind: 'standing', form: /^status: status (?<status>\d+), expected (?<expected>.*)$/, key: 'probeStatus' },
  { kind: 'standing', form: /^body: (?<text>.*)$/s, key: 'probeBody' },
  { kind: 'standing', form: /^protocol: (?<text>.*)$/s, key: 'probeProtocol' },
  {
    kind: 'override',
    form: /^(?<action>\S+) set by (?<account>\S+?)(?<times>(?: from \S+)?(?: until \S+)?): (?<text>.+)$/s,
    key: 'overrideSet',
  },
  {
    kind: 'override',
    form: /^(?<action>\S+) changed by (?<account>\S+?)(?<times>(?: from \S+)?(?: until \S+)?): (?<text>.+)$/s,
    key: 'overrideChanged',
  },
  { kind: 'override', form: /^(?<action>\S+) ended by (?<account>[^\s:]+): (?<text>.+)$/s, key: 'overrideEndedWhy' },
  { kind: 'override', form: /^(?<action>\S+) ended by (?<account>\S+)$/, key: 'overrideEnded' },
  { kind: 'override', form: /^(?<action>\S+) of (?<owner>.+?) over, its time has ended: (?<text>.+)$/s, key: 'overrideOver' },
  { kind: 'override', form: /^(?<action>\S+) of (?<owner>.+?) begins(?<times>(?: until \S+)?): (?<text>.+)$/s, key: 'overrideBegins' },
  { kind: 'override', form: /^(?<action>\S+) of (?<owner>.+?) pauses: (?<text>.+)$/s, key: 'overridePauses' },
  { kind: 'override', form: /^down$/, key: 'overrideDown' },
  { kind: 'override', form: /^drain$/, key: 'overrideDrain' },
  { kind: 'override', form: /^up$/, key: 'overrideUp' },
  { kind: 'override', form: /^ from (?<from>\S+) until (?<until>\S+)$/, key: 'overrideFromUntil' },
  { kind: 'override', form: /^ from (?<from>\S+)$/, key: 'overrideFrom' },
  { kind: 'override', form: /^ until (?<until>\S+)$/, key: 'overrideUntil' },
  { kind: 'any', form: /^refreshed$/, key: 'refreshed' },
  { kind: 'any', form: /^built at the start$/, key: 'builtAtStart' },
  { kind: 'any', form: /^built for the document$/, key: 'builtForDocument' },
  { kind: 'any', form: /^read again from files$/, key: 'readAgain' },
]

/** The detail of an event, or a part of it, as the reader's words. */
export function wordEventDetail(kind: Event['kind'], detail: string, language: Language): string {
  // The head of the line has said that it was published.
  if (language === 'en') return kind === 'publish' ? detail.replace(/^published by /, 'by ') : detail
  for (const { kind: of, form, key } of FORMS) {
    if (of !== 'any' && of !== kind) continue
    const found = form.exec(detail)
    if (found === null) continue
    const parts = Object.entries(found.groups ?? {}).map(([name, text]) => [
      name,
      INNER.has(name) ? wordEventDetail(kind, text, language) : text,
    ])
    return (words as unknown as (key: string, options: object) => string)(`eventDetails.${key}`, {
      ...Object.fromEntries(parts),
      defaultValue: detail,
    })
  }
  return detail
}
