/**
 * Publishes two snapshots in turn to a data plane with answer threads, stream worker and health, as a node has them, and says what was
 * resident, as one line of JSON: publish-case.ts PUBLISHES FILE FILE.
 */
import { createSocket } from 'node:dgram'
import { pino } from 'pino'
import { assignSockets } from '../../cli/data-plane/assign-sockets.ts'
import { startDataPlane } from '../../cli/data-plane/data-plane.ts'
import { startNodeHealth } from '../../cli/data-plane/start-health.ts'
import { findAddress } from '../../geodata/address/address.ts'
import { loadSnapshotInSlices } from '../../resolver/snapshot/snapshot-file.ts'
import { closeSocket, openListeningSockets } from '../../resolver/transport/raw-socket.ts'
import { TCP_LIMITS } from '../../resolver/transport/tcp-listener.ts'
import { makeGuardMemory, OPEN_GUARD } from '../../test/support/guard-subject.ts'

/** What was resident, and how long publishes took. */
export type PublishFigures = { readonly afterThreeBytes: number; readonly atEndBytes: number; readonly publishMs: number }

const publishes = Number(process.argv[2])
const paths = process.argv.slice(3)
const log = pino({ level: 'warn' }, pino.destination(2))
const onWorkerReplaced = (name: string, reason: string): void => log.error({ name, reason }, 'a worker was replaced')
const sockets = openListeningSockets([{ address: findAddress('127.0.0.1')!, port: 0 }], 1)
const plane = startDataPlane({
  sockets: assignSockets(sockets, 1),
  settings: { identity: '', replyBursts: true, guard: OPEN_GUARD },
  guard: makeGuardMemory(),
  tcpLimits: TCP_LIMITS,
  health: startNodeHealth({ statePath: undefined, vantage: 'bench', own: [], log, onStanding: () => undefined, onWorkerReplaced }),
  log,
  onWorkerReplaced,
  onFailOpen: () => undefined,
})
// A trickle of queries: an idle thread sees a swap at the end of its wait only.
const asker = createSocket('udp4').on('message', () => undefined)
const query = Buffer.from('0007010000010000000000000268370562656e6368047465737400 0001 0001'.replaceAll(' ', ''), 'hex')
const load = setInterval(() => asker.send(query, sockets[0]!.listen.port, '127.0.0.1'), 5)
let afterThreeBytes = 0
const startedAt = performance.now()
for (let generation = 1; generation <= publishes; generation++) {
  await plane.publish(async (blockSource) => ({
    ...(await loadSnapshotInSlices(paths[generation % paths.length]!, blockSource)),
    generation,
  }))
  if (generation === 1) await plane.open()
  if (generation === 3) afterThreeBytes = process.memoryUsage.rss()
}
const publishMs = (performance.now() - startedAt) / publishes
const figures: PublishFigures = { afterThreeBytes, atEndBytes: process.memoryUsage.rss(), publishMs }
process.stdout.write(`${JSON.stringify(figures)}\n`)
clearInterval(load)
asker.close()
await plane.stop()
for (const { fd } of sockets) closeSocket(fd)
