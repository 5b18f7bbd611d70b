/** Starts a node on a kept snapshot and says when it answered. Shell. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { encodeQuery } from '../../test/support/dns-load.ts'
import { freePort } from '../../test/support/product.ts'

/** A node that answers. */
export type StartedNode = {
  readonly pid: number
  readonly port: number
  /** From the start of the process to the first answer. */
  readonly firstAnswerMs: number
  readonly rssBytes: () => number
  readonly stop: () => Promise<void>
}

/** How often it is asked until it answers. */
const ASK_EVERY_MS = 5
const START_MS = 60_000

/** Starts `entry node` on a state folder, on a core if one is named; rejects when it has not answered `name` within a minute. */
export async function startNode(entry: string, state: string, name: string, core?: number): Promise<StartedNode> {
  const port = await freePort()
  const words = ['node', '--state', state, '--listen', `127.0.0.1:${port}`, '--udp-threads', '1', '--log-level', 'error']
  const own = [entry, ...words, '--metrics-listen', '127.0.0.1:0']
  const [program, rest] = core === undefined ? [process.execPath, own] : ['taskset', ['-c', String(core), process.execPath, ...own]]
  const startedAt = performance.now()
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'inherit'] })
  await firstAnswer(child, port, encodeQuery(7, name, undefined))
  const firstAnswerMs = performance.now() - startedAt
  const pid = child.pid!
  return {
    pid,
    port,
    firstAnswerMs,
    rssBytes: () => 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]),
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}

function firstAnswer(child: ChildProcess, port: number, query: Buffer): Promise<void> {
  const socket = createSocket('udp4')
  return new Promise<void>((resolve, reject) => {
    const end = (error?: Error): void => {
      clearInterval(asking)
      clearTimeout(late)
      child.off('exit', ended)
      socket.close()
      if (error === undefined) resolve()
      else reject(error)
    }
    const ended = (code: number | null): void => end(new Error(`the node ended with code ${code}`))
    const asking = setInterval(() => socket.send(query, port, '127.0.0.1'), ASK_EVERY_MS)
    const late = setTimeout(() => end(new Error(`the node did not answer within ${START_MS / 1000} s`)), START_MS)
    // NOERROR with an answer: before the first generation there is SERVFAIL.
    socket.on('message', (reply) => {
      if ((reply[3]! & 15) === 0 && reply[7]! > 0) end()
    })
    // The port is closed until the node has opened it.
    socket.on('error', () => undefined)
    child.once('exit', ended)
  })
}
