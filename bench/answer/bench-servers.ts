/** Starts the servers that answer.bench.ts measures, each on its core, and stops them. Shell; Linux. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../test/support/product.ts'
import { findProductEntry } from '../load/product-entry.ts'
import { NULL_SERVER, type Variant } from './workloads.ts'

/** A server that answers. */
export type BenchServer = {
  readonly id: string
  readonly port: number
  readonly pid: number
  /** Ends it and waits until it has ended. */
  readonly stop: () => Promise<void>
}

/**
 * Guards against abuse are at work in every figure: loopback, which is exempt by default, is not, and each client of the generator stands in
 * a network of its own (-m), with the highest limit that can be set, so that every response is counted and none is held back.
 */
export const GUARD_FLAGS: readonly string[] = [
  ...['--rate-limit-exempt', '192.0.2.0/24', '--rate-limit', '64000', '--rate-limit-negatives', '64000', '--rate-limit-errors', '64000'],
  ...['--tcp-max-connections-per-client', '4096'],
]

/** Starts `nearcast serve` on the data in a folder (writeBenchData). */
export async function startProduct(variant: Variant, folder: string, cores: readonly number[]): Promise<BenchServer> {
  const port = await freePort()
  const state = join(folder, `state-${variant.id.replace(' ', '-')}`)
  mkdirSync(state, { recursive: true })
  const words = [
    ...[findProductEntry(undefined).path, 'serve', '--zones', folder, '--document', join(folder, 'document.json')],
    ...['--listen', `127.0.0.1:${port}`, '--udp-threads', String(variant.udpThreads), '--state', state, '--log-level', 'error'],
    ...[...GUARD_FLAGS, ...variant.flags],
  ]
  const { child } = await start(variant.id, cores, [process.execPath, ...words], variant.environment)
  return { id: variant.id, port, pid: child.pid!, stop: () => stop(child) }
}

/** Starts the null server, whose replies have a given length. */
export async function startNullServer(program: string, core: number, replyBytes: number): Promise<BenchServer> {
  const { child, ready } = await start(NULL_SERVER, [core], [program, '0', '64', String(replyBytes)], {})
  return { id: NULL_SERVER, port: Number(ready), pid: child.pid!, stop: () => stop(child) }
}

/** Starts a program and waits for its line `ready`; what follows on that line is given back. */
async function start(
  id: string,
  cores: readonly number[],
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly child: ChildProcess; readonly ready: string }> {
  const child = spawn('taskset', ['-c', cores.join(), ...words], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = (): void => void child.kill('SIGKILL')
  // Before the data folder is removed, into which it writes.
  process.prependListener('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const ready = await new Promise<string>((resolve, reject) => {
    let text = ''
    child.stdout!.on('data', (data) => {
      text += data
      const line = /^ready(.*)\n/m.exec(text)
      if (line !== null) resolve(line[1]!.trim())
    })
    child.once('error', (cause) => reject(new Error('the benchmark needs taskset (Debian: util-linux)', { cause })))
    child.once('exit', (code, signal) => reject(new Error(`the server "${id}" ended with ${code ?? signal}`)))
  })
  return { child, ready }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}
