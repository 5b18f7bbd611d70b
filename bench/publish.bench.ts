/**
 * How long a change takes from the request to the first answer of DNS that shows it, on a whole product (`nearcast up`) with documents of
 * several sizes live: a policy by draft, review and publish; one record by a whole document (PUT /document, as `apply` does); a dynamic
 * update; other geodata under the same document. Beside each, the longest time that the API did not answer anybody else meanwhile.
 *
 *   node bench/publish.bench.ts [--sizes small,records,large] [--rounds 3] [--json] [--check]
 *
 * Times are wall clock, medians of the rounds. --check exits 1 when a change takes longer than 2 s to be live, or the API stands still for
 * longer than 0.5 s, at any size. The first document of each size is told, not judged.
 */
import { createSocket } from 'node:dgram'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { API_BASE } from '../admin-ui/contract/routes.ts'
import { statePaths } from '../cli/state-paths.ts'
import { makeTsigKey, signRequest } from '../resolver/wire/tsig.ts'
import { answerOf, encodeQuery } from '../test/support/dns-load.ts'
import { type Product, startProduct } from '../test/support/product.ts'
import { updateMessage } from '../test/support/update-message.ts'
import { median } from './answer/figures.ts'
import { type BenchDocument, DOCUMENT_SIZES, makeDocument, STEERED_ZONE, UPDATE_KEY } from './publish-documents.ts'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: 'small,records,large' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean' },
    check: { type: 'boolean' },
  },
})
const ROUNDS = Number(values.rounds)
const MOST_SECONDS = 2
const MOST_BLOCKED_SECONDS = 0.5
/** A change that is not live by then never will be. */
const GIVE_UP_MS = 60_000
const PING_MS = 20
const SECRET = Buffer.alloc(32, 7).toString('base64')
/** A network of nobody: of Zhejiang Telecom by correction. */
const CORRECTED = '198.51.100.0/24'

type Row = {
  readonly size: string
  readonly change: string
  readonly steps: Record<string, number>
  readonly seconds: number
  readonly blockedSeconds: number
}

/** Calls the API over the socket of the state folder. */
function call(
  product: Product,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: never }> {
  const text = body === undefined ? undefined : JSON.stringify(body)
  const sent = {
    ...headers,
    ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(text)) }),
  }
  return new Promise((resolve, reject) => {
    const target = {
      socketPath: statePaths(product.stateFolder).controlSocket,
      method,
      path: `${API_BASE}${path}`,
      headers: { Host: 'localhost', ...sent },
    }
    const asking = request(target, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const reply = Buffer.concat(chunks).toString('utf8')
        resolve({ status: response.statusCode!, json: (reply === '' ? undefined : JSON.parse(reply)) as never })
      })
    })
    asking.on('error', reject)
    asking.end(text)
  })
}

async function must<Answer>(reply: Promise<{ status: number; json: never }>): Promise<Answer> {
  const { status, json } = await reply
  if (status >= 300) throw new Error(`the API answered ${status}: ${JSON.stringify(json).slice(0, 500)}`)
  return json as Answer
}

/** Asks again and again until the answer fits; queries follow each other by a millisecond. */
async function whenLive(product: Product, name: string, subnet: string | undefined, isLive: (answer: string) => boolean): Promise<void> {
  const socket = createSocket('udp4')
  const end = performance.now() + GIVE_UP_MS
  let last = ''
  try {
    await new Promise<void>((resolve, reject) => {
      let id = 1
      const timer = setInterval(() => {
        if (performance.now() > end) reject(new Error(`${name} did not change within ${GIVE_UP_MS} ms: ${last}`))
        socket.send(encodeQuery(++id & 0xffff, name, subnet), product.dnsPort, '127.0.0.1')
      }, 2)
      socket.on('message', (reply) => {
        last = answerOf(reply)
        if (!isLive(last)) return
        clearInterval(timer)
        resolve()
      })
    })
  } finally {
    socket.close()
  }
}

/** Runs a change, with a small request every 20 ms beside it; the longest that one of them waited. */
async function besidePings<Value>(
  product: Product,
  change: () => Promise<Value>,
): Promise<{ readonly value: Value; readonly blockedSeconds: number }> {
  let longest = 0
  const open = new Set<Promise<void>>()
  const ping = (): void => {
    const sentAt = performance.now()
    const done = call(product, 'GET', '/geodata').then(
      () => {
        longest = Math.max(longest, performance.now() - sentAt)
      },
      () => undefined,
    )
    open.add(done)
    void done.finally(() => open.delete(done))
  }
  const timer = setInterval(ping, PING_MS)
  try {
    const value = await change()
    clearInterval(timer)
    await Promise.all(open)
    return { value, blockedSeconds: longest / 1000 }
  } finally {
    clearInterval(timer)
  }
}

/** One change: its steps, then the wait for DNS. `steps` counts from the beginning of each. */
async function measure(
  product: Product,
  size: string,
  change: string,
  steps: Readonly<Record<string, () => Promise<unknown>>>,
  live: () => Promise<void>,
): Promise<Row> {
  const took: Record<string, number> = {}
  const { value: seconds, blockedSeconds } = await besidePings(product, async () => {
    const begin = performance.now()
    const isLive = live().then(() => performance.now() - begin)
    for (const [step, run] of Object.entries(steps)) {
      const at = performance.now()
      await run()
      took[step] = (performance.now() - at) / 1000
    }
    return (await isLive) / 1000
  })
  return { size, change, steps: took, seconds, blockedSeconds }
}

type Policy = { rules: { line: string; pools: string[] }[] }
const accept = ['PUBLISH_MOVES_MANY', 'POLICY_UNPROBED', 'PUBLISH_FALLBACK_DOWN']

/** The default rule of policy q0 goes to another pool. */
async function changePolicy(product: Product, size: string, round: number): Promise<Row> {
  const pool = round % 2 === 0 ? 'p0-0' : 'p0-4'
  const is = round % 2 === 0 ? '100.0.0.0' : '100.0.0.8'
  const { policy, etag } = await must<{ policy: Policy; etag: string }>(call(product, 'GET', '/policies/q0'))
  const rules = policy.rules.map((rule) => (rule.line === '*' ? { ...rule, pools: [pool] } : rule))
  const steps = {
    put: () => must(call(product, 'PUT', '/policies/q0', { ...policy, rules }, { 'If-Match': `"${etag}"` })),
    review: () => must(call(product, 'GET', '/draft/review')),
    publish: () => must(call(product, 'POST', '/publish', { comment: '', accept })),
  }
  return measure(product, size, 'policy', steps, () =>
    whenLive(product, `s0.${STEERED_ZONE.slice(0, -1)}`, undefined, (answer) => answer.split(',').includes(is)),
  )
}

const publishText = (product: Product, text: string, files: Record<string, string>): Promise<unknown> =>
  must(call(product, 'PUT', '/document', { text, files, basedOn: null, force: true, comment: '', accept, replaceDynamic: false }))

/** One record of zone z0 is another. */
async function changeRecord(product: Product, size: string, document: BenchDocument, round: number): Promise<Row> {
  const is = `192.0.2.${round + 1}`
  const zone = document.value.zones[1]!
  const files = { ...document.files }
  let { value } = document
  if (typeof zone.file === 'string') files[zone.file] = files[zone.file]!.replace(/^h7 A .*$/m, `h7 A ${is}`)
  else {
    const records = (zone.records as { name: string }[]).map((record) => (record.name === 'h7' ? { ...record, data: [is] } : record))
    value = { ...value, zones: value.zones.map((other) => (other === zone ? { ...zone, records } : other)) }
  }
  const text = JSON.stringify(value)
  return measure(product, size, 'record', { apply: () => publishText(product, text, files) }, () =>
    whenLive(product, 'h7.z0.bench.test', undefined, (answer) => answer === is),
  )
}

/** A record more by UPDATE. */
async function changeByUpdate(product: Product, size: string, round: number): Promise<Row> {
  const name = `new${round}.${STEERED_ZONE}`
  const mem = new Uint8Array(1024)
  const message = updateMessage(STEERED_ZONE, [], [`${name} 60 IN A 192.0.2.200`], { id: round + 1 })
  mem.set(message)
  const { length } = signRequest(mem, message.length, makeTsigKey(UPDATE_KEY, 'hmac-sha256', SECRET), Math.floor(Date.now() / 1000))
  const update = async (): Promise<void> => {
    const socket = createSocket('udp4')
    const rcode = await new Promise<number>((resolve) => {
      socket.once('message', (reply) => resolve(reply[3]! & 15))
      socket.send(mem.subarray(0, length), product.dnsPort, '127.0.0.1')
    })
    socket.close()
    if (rcode !== 0) throw new Error(`the update was answered with rcode ${rcode}`)
  }
  return measure(product, size, 'update', { update }, () =>
    whenLive(product, name.slice(0, -1), undefined, (answer) => answer === '192.0.2.200'),
  )
}

/** The geodata before comes back: a correction is gone or there again. */
async function changeGeodata(product: Product, size: string): Promise<Row> {
  const name = `s0.${STEERED_ZONE.slice(0, -1)}`
  let before = ''
  await whenLive(product, name, CORRECTED, (answer) => {
    before = answer
    return true
  })
  const steps = { rollback: () => must(call(product, 'POST', '/geodata/rollback')) }
  return measure(product, size, 'geodata', steps, () => whenLive(product, name, CORRECTED, (answer) => answer !== before))
}

/** A document with a correction, so that there is geodata to roll back to. Its build is no part of the measured swap. */
async function prepareGeodata(product: Product, document: BenchDocument): Promise<void> {
  const corrections = [{ prefix: CORRECTED, place: 'cn-11', carrier: 'telecom', reason: 'bench' }]
  const name = `s0.${STEERED_ZONE.slice(0, -1)}`
  await publishText(product, JSON.stringify({ ...document.value, geodata: { corrections } }), document.files)
  // Line cn-11/telecom is the first rule of policy q0.
  await whenLive(product, name, CORRECTED, (answer) => answer.split(',').includes('100.0.0.0'))
}

async function measureSize(size: string): Promise<readonly Row[]> {
  const document = makeDocument(DOCUMENT_SIZES[size]!)
  const product = await startProduct()
  const rows: Row[] = []
  try {
    const secrets = join(product.stateFolder, 'secrets')
    mkdirSync(secrets, { recursive: true })
    writeFileSync(join(secrets, 'bench'), `${SECRET}\n`)
    const text = JSON.stringify(document.value)
    rows.push(
      await measure(product, size, 'first document', { apply: () => publishText(product, text, document.files) }, () =>
        whenLive(product, 'h7.z0.bench.test', undefined, (answer) => answer.startsWith('10.')),
      ),
    )
    for (let round = 0; round < ROUNDS; round++) {
      rows.push(await changePolicy(product, size, round))
      rows.push(await changeRecord(product, size, document, round))
      rows.push(await changeByUpdate(product, size, round))
    }
    await prepareGeodata(product, document)
    for (let round = 0; round < ROUNDS; round++) rows.push(await changeGeodata(product, size))
  } finally {
    if (process.env.BENCH_OUTPUT !== undefined) process.stderr.write(product.output())
    await product.stop()
  }
  return rows
}

/** Rounds of one change as one row: medians, and the worst standstill. */
function medianRow(rows: readonly Row[]): Row {
  const { size, change, steps } = rows[0]!
  const medians = Object.fromEntries(Object.keys(steps).map((step) => [step, median(rows.map((row) => row.steps[step]!))]))
  return {
    size,
    change,
    steps: medians,
    seconds: median(rows.map((row) => row.seconds)),
    blockedSeconds: Math.max(...rows.map((row) => row.blockedSeconds)),
  }
}

const sizes = values.sizes.split(',')
for (const size of sizes) if (DOCUMENT_SIZES[size] === undefined) throw new Error(`there is no size "${size}"`)
const all: Row[] = []
for (const size of sizes) all.push(...(await measureSize(size)))
const table = [...Map.groupBy(all, ({ size, change }) => `${size} ${change}`).values()].map(medianRow)
const tooSlow = table.filter(
  ({ change, seconds, blockedSeconds }) => change !== 'first document' && (seconds > MOST_SECONDS || blockedSeconds > MOST_BLOCKED_SECONDS),
)

if (values.json) process.stdout.write(`${JSON.stringify({ cpus: cpus()[0]?.model, rounds: ROUNDS, rows: table }, null, 2)}\n`)
else {
  process.stdout.write(`${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]!.toFixed(1)}, medians of ${ROUNDS} rounds\n\n`)
  process.stdout.write('| document | change | live after s | API stood still s | steps s |\n| --- | --- | ---: | ---: | --- |\n')
  for (const { size, change, seconds, blockedSeconds, steps } of table) {
    const told = Object.entries(steps).map(([step, took]) => `${step} ${took.toFixed(2)}`)
    process.stdout.write(`| ${size} | ${change} | ${seconds.toFixed(2)} | ${blockedSeconds.toFixed(2)} | ${told.join(', ')} |\n`)
  }
}
if (values.check === true && tooSlow.length > 0) {
  for (const { size, change, seconds, blockedSeconds } of tooSlow)
    process.stderr.write(`${size}, ${change}: ${seconds.toFixed(2)} s, stood still ${blockedSeconds.toFixed(2)} s\n`)
  process.exitCode = 1
}
