/**
 * Overrides from the command to what a DNS client gets: down moves the answer, survives kill -9 of control and node, ends by itself; a drain
 * moves clients little by little; up beats standing; windows begin by the clock. The endpoints have no probe but one, whose target is closed.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ExplainAnswer } from '../../admin-ui/contract/explain.ts'
import type { HealthScores } from '../../admin-ui/contract/health-scores.ts'
import type { Override } from '../../admin-ui/contract/override.ts'
import { answerOf, ask, encodeQuery } from '../support/dns-load.ts'
import { freePort, type Product, startProduct, until } from '../support/product.ts'

const A = '192.0.2.11'
const B = '192.0.2.12'
const CENTRAL = '192.0.2.1'
const DOWN = '127.0.0.1'
const PATIENCE_MS = 20_000

const document = (closedPort: number): string => `apiVersion: nearcast/v1
zones: [{name: edge.test., soa: {mname: ns.else., rname: h.else.}, nameservers: [ns.else.]}]
probes: [{id: closed, kind: tcp, port: ${closedPort}, intervalMs: 500, timeoutMs: 200, fall: 2, rise: 2}]
endpoints:
  - {id: a, ipv4: ${A}, site: west, labels: {rack: r1}}
  - {id: b, ipv4: ${B}, site: east}
  - {id: closed, ipv4: ${DOWN}, probes: [closed]}
  - {id: central, ipv4: ${CENTRAL}}
pools:
  - {id: one, members: [{endpoint: a}]}
  - {id: shared, members: [{endpoint: a, weight: 1}, {endpoint: b, weight: 1}], choose: weighted}
  - {id: broken, members: [{endpoint: closed}]}
  - {id: central, members: [{endpoint: central}]}
policies:
  - {id: one, ttlSeconds: 5, rules: [{line: "*", pools: [one]}], fallback: [central]}
  - {id: shared, ttlSeconds: 5, rules: [{line: "*", pools: [shared]}], fallback: [central]}
  - {id: broken, ttlSeconds: 5, rules: [{line: "*", pools: [broken]}], fallback: [central]}
names:
  - {name: one.edge.test., types: [A], policy: one}
  - {name: shared.edge.test., types: [A], policy: shared}
  - {name: broken.edge.test., types: [A], policy: broken}
`

describe('overrides', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-overrides-'))
  let product: Product
  before(async () => {
    const path = join(folder, 'nearcast.yaml')
    writeFileSync(path, document(await freePort()))
    product = await startProduct(['--document', path])
  })
  after(async () => {
    await product?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  let id = 0
  const answer = async (name: string, subnet = '198.51.100.0/24'): Promise<string> => {
    id = (id + 1) & 0xffff
    try {
      return answerOf(await ask(product.dnsPort, encodeQuery(id, `${name}.edge.test.`, subnet)))
    } catch {
      // A node that was killed a moment ago.
      return 'no answer'
    }
  }
  const answers = (what: string, name: string, wanted: string): Promise<true> =>
    until(what, PATIENCE_MS, async () => ((await answer(name)) === wanted ? true : undefined))
  const json = async <T>(...words: string[]): Promise<T> => JSON.parse(await product.cli(...words, '--json')) as T
  const set = (...words: string[]): Promise<Override> => json('override', 'set', ...words, '--reason', 'a test')
  const newPid = (command: 'node' | 'control', old: number): Promise<number> =>
    until(`another ${command} is started after kill -9`, PATIENCE_MS, () => {
      const pid = product.pidOf(command)
      return pid !== undefined && pid !== old ? pid : undefined
    })

  test('down asks first, moves the answer, is shown, and holds over kill -9 of control and of the node', async () => {
    await answers('the endpoint answers at first', 'one', A)
    await assert.rejects(set('endpoint', 'a', 'down'), /OVERRIDE_LEAVES_FALLBACK/)
    assert.equal(await answer('one'), A)
    const override = await set('endpoint', 'a', 'down', '--accept', 'OVERRIDE_LEAVES_FALLBACK', '--for', '1h')
    await answers('the fallback answers', 'one', CENTRAL)
    const explained = await json<ExplainAnswer>('explain', 'one.edge.test.', '--client', '198.51.100.0/24')
    const [candidate] = explained.rules[0]!.pools[0]!.candidates
    assert.deepEqual([candidate!.verdict, candidate!.override?.id, candidate!.override?.owner], ['override-down', override.id, 'machine'])
    const scores = (await (await fetch(`http://127.0.0.1:${product.metricsPort}/health/scores`)).json()) as HealthScores
    assert.equal(scores.scores.find(({ endpoint }) => endpoint === 'a')!.override?.reason, 'a test')
    const metrics = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
    assert.match(metrics, new RegExp(`^nearcast_override_active\\{endpoint="a",action="down",override="${override.id}"\\} 1$`, 'm'))

    const control = product.pidOf('control')!
    process.kill(control, 'SIGKILL')
    assert.equal(await answer('one'), CENTRAL)
    // With control away the node begins again from its own copy.
    const node = product.pidOf('node')!
    process.kill(node, 'SIGKILL')
    await newPid('node', node)
    const first = await until('the node answers again', PATIENCE_MS, async () => {
      const given = await answer('one')
      return given === 'no answer' || given === '' ? undefined : given
    })
    assert.equal(first, CENTRAL, 'the first answer after the restart is not one without the override')
    await newPid('control', control)
    const listed = await until('control lists the override again', PATIENCE_MS, async () =>
      json<readonly Override[]>('override', 'list').catch(() => undefined),
    )
    assert.deepEqual(
      listed.map((one) => [one.id, one.state]),
      [[override.id, 'active']],
    )
    assert.equal(await answer('one'), CENTRAL)
  })

  test('it ends by itself when its time is over, and leaves an event', async () => {
    const [override] = await json<readonly Override[]>('override', 'list')
    await product.cli('override', 'change', override!.id, '--for', '2s')
    await answers('the endpoint answers again', 'one', A)
    await until('control has ended it', PATIENCE_MS, async () =>
      (await json<readonly Override[]>('override', 'list')).length === 0 ? true : undefined,
    )
    const ended = await json<Override>('override', 'show', override!.id)
    assert.deepEqual([ended.state, ended.endedBy], ['ended', 'control'])
  })

  test('a drain moves clients little by little, and nobody is left', async () => {
    const clients = Array.from({ length: 200 }, (_, client) => `100.64.${client}.0/24`)
    const share = async (): Promise<number> => {
      const given = await Promise.all(clients.map((client) => answer('shared', client)))
      return given.filter((address) => address === B).length / clients.length
    }
    const before = await share()
    assert.ok(before > 0.3 && before < 0.7, `${before} of the clients go to b before`)
    await set('site', 'east', 'drain', '--drain', '8s')
    const seen = new Set<number>()
    await until('all clients have moved', PATIENCE_MS, async () => {
      const now = await share()
      seen.add(now)
      return now === 0 ? true : undefined
    })
    const between = [...seen].filter((now) => now > 0 && now < before - 0.05)
    assert.ok(between.length >= 1, `shares on the way: ${[...seen].join(', ')} of ${before}`)
    const [override] = await json<readonly Override[]>('override', 'list')
    await product.cli('override', 'end', override!.id, '--reason', 'done')
    await until('the clients are back', PATIENCE_MS, async () => ((await share()) === before ? true : undefined))
  })

  test('up beats standing, and a window begins by the clock', async () => {
    await answers('the closed endpoint is not answered', 'broken', CENTRAL)
    const up = await set('endpoint', 'closed', 'up')
    await answers('it is answered though it is down', 'broken', DOWN)
    const start = new Date(Date.now() + 2000).toISOString()
    const down = await set('endpoint', 'closed', 'down', '--from', start, '--for', '1h', '--accept', 'OVERRIDE_LEAVES_FALLBACK')
    assert.equal(down.state, 'waiting')
    assert.equal(await answer('broken'), DOWN)
    await answers('from its start on it is down', 'broken', CENTRAL)
    assert.ok(Date.now() >= Date.parse(start))
    await product.cli('override', 'end', down.id, up.id)
  })
})
