/** Tables of conformance tests: zones as text, a question a row, and what RFC and section say stands in the reply. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import { type AnswerDraft, type Ask, makeAnswerSubject, type Reply } from './answer-subject.ts'

/** What the reply must hold; what is not named is NOERROR, AA, not truncated; sections that are not named are not looked at. */
export type Expected = Partial<Pick<Reply, 'rcode' | 'aa' | 'tc' | 'answers' | 'authorities' | 'additionals' | 'ecs'>>

/** A row: what is shown, the question, the reply. */
export type ConformanceRow = readonly [title: string, ask: Ask, expected: Expected]

/** Runs the rows of a section; the order of records does not count. */
export function checkSection(section: string, draft: AnswerDraft, rows: readonly ConformanceRow[]): void {
  const subject = makeAnswerSubject(draft)
  describe(section, () => {
    for (const [title, ask, expected] of rows) {
      test(title, () => {
        const reply = subject.ask(ask)
        const wanted = { rcode: 'NOERROR', aa: true, tc: false, ...expected }
        for (const [key, value] of Object.entries(wanted)) {
          const found = reply[key as keyof Expected]
          assert.deepEqual(Array.isArray(found) ? found.toSorted() : found, Array.isArray(value) ? value.toSorted() : value, key)
        }
      })
    }
  })
}

/** Options of the reply's OPT as "code hex"; undefined = no OPT. */
export function optionsOf(raw: Uint8Array): readonly string[] | undefined {
  const opt = dnsPacket.decode(Buffer.from(raw)).additionals?.find((record) => record.type === 'OPT') as
    | { readonly options: readonly { readonly code: number; readonly data: Buffer }[] }
    | undefined
  return opt?.options.map(({ code, data }) => `${code} ${data.toString('hex')}`)
}
