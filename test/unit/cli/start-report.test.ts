import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStartReport, type StartReport } from '../../../cli/start-report.ts'

const WHERE = 'where things are'
const EMPTY = 'not ready: no document is published, DNS answers SERVFAIL; publish one with the console or "nearcast apply FILE"'

const rows: readonly [name: string, steps: readonly ((report: StartReport) => void)[], printed: readonly string[]][] = [
  [
    'ready comes with the live generation, not with the parts',
    [(r) => r.partReady('control'), (r) => r.stored(7), (r) => r.partReady('node'), (r) => r.live()],
    [WHERE, 'ready'],
  ],
  [
    'a kept generation is live before control serves: ready waits for control',
    [(r) => r.live(), (r) => r.partReady('node'), (r) => r.stored(7), (r) => r.partReady('control')],
    [WHERE, 'ready'],
  ],
  [
    'an empty store is told at once, ready comes with the first publish',
    [(r) => r.partReady('node'), (r) => r.stored(0), (r) => r.partReady('control'), (r) => r.overdue(), (r) => r.live()],
    [WHERE, EMPTY, 'ready'],
  ],
  [
    'a generation that does not become live is told when it is overdue, never called ready',
    [(r) => r.partReady('node'), (r) => r.stored(7), (r) => r.partReady('control'), (r) => r.overdue(), (r) => r.overdue()],
    [WHERE, 'not ready: generation 7 is stored but not live on the node yet, DNS answers SERVFAIL; the log says why'],
  ],
  [
    'a part that hangs is named',
    [(r) => r.partReady('node'), (r) => r.live(), (r) => r.overdue(), (r) => r.partReady('control')],
    ['not ready: DNS answers from the kept generation, but control does not serve yet; the log says why', WHERE, 'ready'],
  ],
  [
    'control cannot start: told once, when it is known what DNS does; ready follows',
    [
      (r) => r.partFailed('control', 'the store is damaged; restore it'),
      (r) => r.live(),
      (r) => r.partFailed('control', 'the store is damaged; restore it'),
      (r) => r.partReady('node'),
      (r) => r.overdue(),
      (r) => r.stored(7),
      (r) => r.partReady('control'),
      (r) => r.partFailed('control', 'it ended with code 1'),
    ],
    [
      'not ready: control cannot start, DNS answers from the kept generation; the store is damaged; restore it; it is tried again until it starts',
      WHERE,
      'ready',
    ],
  ],
  [
    'control cannot start and what the node kept cannot be used',
    [(r) => r.partFailed('control', 'it is tired; wait'), (r) => r.partReady('node'), (r) => r.overdue()],
    ['not ready: control cannot start, DNS answers SERVFAIL; it is tired; wait; it is tried again until it starts'],
  ],
  [
    'restarts of parts and further generations print nothing more',
    [
      (r) => r.live(),
      (r) => r.partReady('node'),
      (r) => r.stored(7),
      (r) => r.partReady('control'),
      (r) => r.partReady('node'),
      (r) => r.live(),
      (r) => r.overdue(),
    ],
    [WHERE, 'ready'],
  ],
]

for (const [name, steps, printed] of rows) {
  test(`createStartReport: ${name}`, () => {
    const lines: string[] = []
    const report = createStartReport({ parts: ['control', 'node'], addresses: () => [WHERE], print: (line) => lines.push(line) })
    for (const step of steps) step(report)
    assert.deepEqual(lines, printed)
  })
}
