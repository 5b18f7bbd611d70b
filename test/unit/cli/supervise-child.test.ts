import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { type ChildEnd, restartWaitMs, superviseChild } from '../../../cli/supervise-child.ts'

const child = (code: string): ChildProcess => spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
const READY = `process.send({ type: 'ready' }); process.on('disconnect', () => process.exit()); `

test('restartWaitMs is none for the first end, then doubles up to ten seconds', () => {
  assert.deepEqual([1, 2, 3, 4, 8, 9, 20].map(restartWaitMs), [0, 100, 200, 400, 6400, 10_000, 10_000])
})

describe('superviseChild', () => {
  test('a child that was killed is back at once, and told of', async () => {
    let starts = 0
    const restarts: [string, number][] = []
    await new Promise<void>((resolve) => {
      const supervised = superviseChild({
        name: 'x',
        spawn: () => {
          starts++
          return child(READY)
        },
        onReady: () => {
          if (starts === 1) process.kill(supervised.pid()!, 'SIGKILL')
          else void supervised.stop(5000).then(resolve)
        },
        onMessage: () => undefined,
        onFailedStart: () => assert.fail('it was ready'),
        onRestart: ({ reason }, waitMs) => restarts.push([reason, waitMs]),
      })
    })
    assert.equal(starts, 2)
    assert.deepEqual(restarts, [['it was ended by SIGKILL', 0]])
  })

  test('a child that ends before it was ever ready is not started again', async () => {
    const code = await new Promise<number>((resolve) => {
      superviseChild({
        name: 'x',
        spawn: () => child('process.exit(3)'),
        onReady: () => undefined,
        onMessage: () => undefined,
        onFailedStart: resolve,
        onRestart: () => assert.fail('it must not be started again'),
      })
    })
    assert.equal(code, 3)
  })

  test('what a child says about its end is told with it', async () => {
    const end = await new Promise<ChildEnd>((resolve) => {
      superviseChild({
        name: 'x',
        spawn: () => child(`process.send({ type: 'failed', line: 'no room' }, () => process.exit(1))`),
        onReady: () => undefined,
        onMessage: () => assert.fail('this message is for the supervisor'),
        onFailedStart: (_, ended) => resolve(ended),
        onRestart: () => assert.fail('it must not be started again'),
      })
    })
    assert.deepEqual(end, { reason: 'it ended with code 1', line: 'no room', hasServed: false })
  })

  test('a child that may come later is started again until it serves', async () => {
    let starts = 0
    const restarts: [boolean, number][] = []
    await new Promise<void>((resolve) => {
      const supervised = superviseChild({
        name: 'x',
        spawn: () => child(++starts < 3 ? 'process.exit(1)' : READY),
        mayComeLater: true,
        onReady: () => void supervised.stop(5000).then(resolve),
        onMessage: () => undefined,
        onFailedStart: () => assert.fail('it may come later'),
        onRestart: ({ hasServed }, waitMs) => restarts.push([hasServed, waitMs]),
      })
    })
    assert.deepEqual(restarts, [
      [false, 0],
      [false, 100],
    ])
  })

  test('messages other than ready are handed on', async () => {
    const message = await new Promise((resolve) => {
      const supervised = superviseChild({
        name: 'x',
        spawn: () => child(`process.send({ type: 'first-password', user: 'admin', password: 'p' }); ${READY}`),
        onReady: () => undefined,
        onMessage: (got) => void supervised.stop(5000).then(() => resolve(got)),
        onFailedStart: () => undefined,
        onRestart: () => undefined,
      })
    })
    assert.deepEqual(message, { type: 'first-password', user: 'admin', password: 'p' })
  })

  test('a child that ignores SIGTERM is killed after the time-out', async () => {
    const signal = await new Promise((resolve) => {
      let process_: ChildProcess
      const supervised = superviseChild({
        name: 'x',
        spawn: () => {
          process_ = child(`process.on('SIGTERM', () => undefined); ${READY} setInterval(() => {}, 1000)`)
          process_.on('exit', (_, ended) => resolve(ended))
          return process_
        },
        onReady: () => void supervised.stop(50),
        onMessage: () => undefined,
        onFailedStart: () => undefined,
        onRestart: () => assert.fail('it was stopped'),
      })
    })
    assert.equal(signal, 'SIGKILL')
  })
})
