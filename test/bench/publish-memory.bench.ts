/**
 * Memory over publishes: RSS after 200 publishes must be within 10 % of that after 3 (DESIGN.md section 3, "Memory of generations").
 * Real answer threads on loopback, snapshots of 16 MB from files, sizes that wander as a document does; ranks nothing.
 *
 *   node test/bench/publish-memory.bench.ts [--publishes 200] [--megabytes 16]        exits 1 above the bound
 */
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pino } from 'pino'
import { assignSockets } from '../../cli/data-plane/assign-sockets.ts'
import { startDataPlane } from '../../cli/data-plane/data-plane.ts'
import { findAddress } from '../../geodata/address/address.ts'
import { loadSnapshot, saveSnapshot } from '../../resolver/snapshot/snapshot-file.ts'
import { closeSocket, openListeningSockets } from '../../resolver/transport/raw-socket.ts'
import { TCP_LIMITS } from '../../resolver/transport/tcp-listener.ts'
import { makeGuardMemory, OPEN_GUARD } from '../support/guard-subject.ts'
import { emptyHealth, staticSnapshot } from '../support/static-snapshot.ts'

const { values } = parseArgs({ options: { publishes: { type: 'string', default: '200' }, megabytes: { type: 'string', default: '16' } } })
const publishes = Number(values.publishes)
const bytes = Number(values.megabytes) << 20
const sockets = openListeningSockets([{ address: findAddress('127.0.0.1')!, port: 0 }], 2)
const folder = mkdtempSync(join(tmpdir(), 'nearcast-memory-'))
const plane = startDataPlane({
  sockets: assignSockets(sockets, 2),
  settings: { identity: '', replyBursts: true, guard: OPEN_GUARD },
  guard: makeGuardMemory(),
  tcpLimits: TCP_LIMITS,
  health: emptyHealth(),
  log: pino({ level: 'warn' }),
  onWorkerReplaced: (name, reason) => console.error(`${name}: ${reason}`),
  onFailOpen: () => undefined,
})
// A trickle of queries: idle threads would only see a swap at the end of their wait.
const asker = createSocket('udp4')
const query = Buffer.from('000701000001000000000000037777770765 78616d706c65047465737400 0001 0001'.replaceAll(' ', ''), 'hex')
let answers = 0
asker.on('message', () => answers++)
const load = setInterval(() => {
  for (let n = 0; n < 8; n++) asker.send(query, sockets[0]!.listen.port, '127.0.0.1')
}, 5)

// Ten files, made before the measurement, 5 % apart in size.
const paths: string[] = []
for (let file = 0; file < 10; file++) {
  const path = join(folder, `${file}.snapshot`)
  await saveSnapshot(path, staticSnapshot(1, `192.0.2.${file}`, Math.round(bytes * (1 - 0.05 * (file % 3)))))
  paths.push(path)
}
const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20
let afterThree = 0
const startedAt = performance.now()
for (let generation = 1; generation <= publishes; generation++) {
  await plane.publish((blockSource) => loadSnapshot(paths[generation % paths.length]!, blockSource))
  if (generation === 1) await plane.open()
  if (generation === 3) afterThree = megabytes()
  if (generation % 50 === 0) console.log(`${generation} publishes: RSS ${megabytes().toFixed(0)} MB`)
}
const ratio = megabytes() / afterThree
console.log(
  `RSS after 3 publishes ${afterThree.toFixed(0)} MB, after ${publishes} ${megabytes().toFixed(0)} MB (× ${ratio.toFixed(3)}); ` +
    `${((performance.now() - startedAt) / publishes).toFixed(0)} ms a publish, ${answers} answers meanwhile`,
)
clearInterval(load)
asker.close()
await plane.stop()
for (const { fd } of sockets) closeSocket(fd)
rmSync(folder, { recursive: true })
process.exitCode = ratio <= 1.1 ? 0 : 1
