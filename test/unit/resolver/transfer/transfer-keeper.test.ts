/** The keeper in the node's main thread: what the workers are told at publishes and when a secret changes, which secondaries are told of what. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, test } from 'node:test'
import { findAddress } from '../../../../geodata/address/address.ts'
import { readSecrets, secretsMark } from '../../../../resolver/transfer/secret-folder.ts'
import type { TransferContent } from '../../../../resolver/transfer/transfer-access.ts'
import { startTransferKeeper } from '../../../../resolver/transfer/transfer-keeper.ts'
import { formatName } from '../../../../resolver/wire/name.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { snapshotOf, zoneText } from '../../../support/transfer-subject.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const REFERENCE = { name: 'key1.', algorithm: 'hmac-sha256', secretRef: 'key1' } as const
const SECRET = Buffer.alloc(32, 3).toString('base64')

test('secrets: base64 in a file of its own; what is missing, no base64 or too large is a problem of that key alone', () => {
  const { path, write } = temporaryFolder()
  write('good', `${SECRET}\n`)
  write('bad', 'not base64!')
  write('large', 'A'.repeat(5000))
  const references = ['good', 'bad', 'large', 'none'].map((secretRef) => ({ ...REFERENCE, name: `${secretRef}.`, secretRef }))
  const { keys, problems } = readSecrets(path, references)
  assert.deepEqual(
    keys.map((key) => formatName(key.name)),
    ['good.'],
  )
  assert.deepEqual(
    problems.map(({ code, key }) => `${key} ${code}`),
    ['bad. TRANSFER_SECRET_INVALID', 'large. TRANSFER_SECRET_INVALID', 'none. TRANSFER_SECRET_MISSING'],
  )
  assert.equal(readSecrets(undefined, references).keys.length, 0)
  const before = secretsMark(path, references)
  assert.equal(secretsMark(path, references), before)
  write('none', SECRET)
  assert.notEqual(secretsMark(path, references), before)
})

test('secrets: as the key tools write them, wrapped base64, and a file that everybody may read is said', () => {
  const { path, write } = temporaryFolder()
  const files: Readonly<Record<string, string>> = {
    bind: `key "bind" {\n\talgorithm hmac-sha256;\n\tsecret "${SECRET}";\n};\n`,
    knot: `# hmac-sha256:knot:${SECRET}\nkey:\n  - id: knot\n    algorithm: hmac-sha256\n    secret: ${SECRET}\n`,
    wrapped: `${SECRET.slice(0, 20)}\n${SECRET.slice(20)}\n`,
    other: `key "other" { algorithm hmac-sha512; secret "${SECRET}"; };`,
    open: SECRET,
  }
  for (const [name, text] of Object.entries(files)) {
    write(name, text)
    chmodSync(join(path, name), name === 'open' ? 0o644 : 0o640)
  }
  const references = Object.keys(files).map((secretRef) => ({ ...REFERENCE, name: `${secretRef}.`, secretRef }))
  const { keys, problems } = readSecrets(path, references)
  assert.deepEqual(
    keys.map((key) => `${formatName(key.name)} ${Buffer.from(key.secret).toString('base64') === SECRET}`),
    ['bind. true', 'knot. true', 'wrapped. true', 'open. true'],
  )
  assert.deepEqual(
    problems.map(({ code, key }) => `${key} ${code}`),
    ['other. TRANSFER_SECRET_INVALID', 'open. TRANSFER_SECRET_OPEN'],
  )
})

function start(folder: string, journalPath?: string) {
  const contents: TransferContent[] = []
  const problems: string[] = []
  const keeper = startTransferKeeper({
    secretsFolder: folder,
    everyZone: [],
    journalPath,
    notifyFrom: [findAddress('127.0.0.1')!],
    onContent: (content) => contents.push(content),
    onProblem: (code) => problems.push(code),
  })
  closers.push(() => keeper.stop())
  return { keeper, contents, problems }
}

const filler = Array.from({ length: 20 }, (_, number) => [`f${number}`, 'A', '192.0.2.1'] as const)
const version = (serial: number, more: string) =>
  snapshotOf(zoneText('z.test.', serial, [...filler, ['v', 'TXT', String(serial)]], more), `tsigKeys: [${JSON.stringify(REFERENCE)}]\n`)

test('workers are told keys, permissions and steps before each swap; steps outlive a restart', async () => {
  const { path, write } = temporaryFolder()
  write('key1', SECRET)
  const more = ', allowTransfer: [{tsigKey: key1.}]'
  const journalPath = join(path, 'node', 'journal')
  const first = start(path, journalPath)
  const [one, two, three] = [1, 2, 3].map((serial) => version(serial, more)) as [
    ReturnType<typeof version>,
    ReturnType<typeof version>,
    ReturnType<typeof version>,
  ]
  first.keeper.prepare(undefined, one)
  first.keeper.published(one)
  first.keeper.prepare(one, two)
  first.keeper.published(two)
  assert.equal(first.contents.length, 2)
  const zone = first.contents[1]!.zones.get('z.test.')!
  assert.deepEqual(zone.allow, [{ prefix: undefined, key: 'key1.' }])
  assert.deepEqual(
    zone.steps.map(({ fromSerial, toSerial }) => [fromSerial, toSerial]),
    [[1, 2]],
  )
  assert.equal(first.contents[1]!.keys.length, 1)
  await first.keeper.stop()
  const second = start(path, journalPath)
  second.keeper.prepare(undefined, two)
  second.keeper.prepare(two, three)
  assert.equal(second.contents[1]!.zones.get('z.test.')!.steps.length, 2)
  assert.deepEqual([...first.problems, ...second.problems], [])
})

test('a secondary is told at the start and of each new serial, not of a publish that changes nothing of its zone', async () => {
  const { path } = temporaryFolder()
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  closers.push(() => socket.close())
  const { port } = socket.address()
  const more = `, notify: [{address: 127.0.0.1, port: ${port}}]`
  const { keeper } = start(path)
  const serials: number[] = []
  let arrived: () => void = () => undefined
  socket.on('message', (message, from) => {
    serials.push(message.readUInt32BE(message.length - 20))
    const reply = Buffer.from(message)
    reply[2]! |= 0x80
    socket.send(reply, from.port, from.address)
    arrived()
  })
  const next = (): Promise<void> => new Promise((resolve) => (arrived = resolve))
  const one = version(1, more)
  const same = version(1, more)
  const two = version(2, more)
  let wait = next()
  keeper.prepare(undefined, one)
  keeper.published(one)
  await wait
  keeper.prepare(one, same)
  keeper.published(same)
  wait = next()
  keeper.prepare(same, two)
  keeper.published(two)
  await wait
  assert.deepEqual(serials, [1, 2])
  assert.equal(keeper.notifies().sent, 2)
})

test('a secondary whose key has no secret is not told, and the log says so', () => {
  const { path } = temporaryFolder()
  const { keeper, problems } = start(path)
  const snapshot = version(1, ', notify: [{address: 127.0.0.1, port: 1, tsigKey: key1.}]')
  keeper.prepare(undefined, snapshot)
  keeper.published(snapshot)
  assert.deepEqual(problems, ['TRANSFER_SECRET_MISSING', 'TRANSFER_NOTIFY_FAILED'])
  assert.equal(keeper.notifies().sent, 0)
})
