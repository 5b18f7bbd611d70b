/** The life of a state folder: export and apply, backup and restore, restart, graceful stop. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { DocumentAnswer } from '../../admin-ui/contract/document.ts'
import type { PublishAnswer } from '../../admin-ui/contract/publish.ts'
import { statePaths } from '../../cli/state-paths.ts'
import { answerOf, ask, encodeQuery, scopeOf } from '../support/dns-load.ts'
import { callApi, EDGE_NAME, type Example, startExample, untilAllUp } from '../support/example-product.ts'
import { childrenOf, type Product, runCli, startProduct, until } from '../support/product.ts'

const SUBNETS = ['202.96.104.0/24', '211.140.13.0/24', '221.12.1.0/24', '198.51.100.0/24']

describe('life of a state folder', () => {
  let example: Example
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-life-'))
  const running: Product[] = []
  before(async () => {
    example = await startExample()
  })
  after(async () => {
    for (const product of running) await product.stop()
    await example?.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  async function start(words: readonly string[], stateFolder: string): Promise<Product> {
    const product = await startProduct(words, { stateFolder })
    running.push(product)
    return product
  }
  async function answers(product: Product): Promise<string[]> {
    const replies = await Promise.all(SUBNETS.map((subnet) => ask(product.dnsPort, encodeQuery(5, EDGE_NAME, subnet))))
    return replies.map((reply, at) => `${SUBNETS[at]} → ${answerOf(reply)} /${scopeOf(reply)}`)
  }
  const documentOf = async (product: Product): Promise<DocumentAnswer> =>
    (await callApi(product, 'GET', '/document')).json as DocumentAnswer

  test('export and apply are the identity, backup and restore too, a restart keeps all, a stop leaves nothing behind', async (t) => {
    const firstState = join(folder, 'first')
    const first = await start(['--document', example.documentPath], firstState)
    await untilAllUp(first)
    const wanted = await answers(first)
    const live = await documentOf(first)

    await t.test('export → apply changes nothing', async () => {
      const exported = join(folder, 'exported')
      await first.cli('export', exported)
      const again = JSON.parse(await first.cli('apply', join(exported, 'nearcast.yaml'), '--json')) as PublishAnswer
      assert.equal(again.changed, false, `generation ${again.generation} was made of an export of ${live.generation}`)
      assert.equal((await documentOf(first)).digest, live.digest)
      const single = join(folder, 'single')
      await first.cli('export', single, '--single')
      assert.deepEqual(readdirSync(single), ['nearcast.yaml'])
      assert.equal((JSON.parse(await first.cli('apply', join(single, 'nearcast.yaml'), '--json')) as PublishAnswer).changed, false)
    })

    await t.test('an export of another generation is refused with the difference, unless forced', async () => {
      const exported = join(folder, 'exported')
      const changed = join(example.folder, 'changed.yaml')
      writeFileSync(changed, readFileSync(example.documentPath, 'utf8').replace('ttlSeconds: 30 # upper', 'ttlSeconds: 27 # upper'))
      await first.cli('apply', changed)
      writeFileSync(
        join(exported, 'old.yaml'),
        readFileSync(join(exported, 'nearcast.yaml'), 'utf8').replace('minimumSeconds: 60', 'minimumSeconds: 61'),
      )
      const refused = runCli(['apply', join(exported, 'old.yaml'), '--state', firstState])
      assert.equal(refused.code, 1, refused.stderr)
      assert.match(refused.stderr, /DOCUMENT_NOT_BASED_ON_LIVE/)
      await first.cli('apply', example.documentPath, '--force')
      assert.equal((await documentOf(first)).digest, live.digest)
    })

    const backup = join(folder, 'state.backup')
    await t.test('backup of the running product', async () => {
      await first.cli('backup', backup)
      const { code, stderr } = runCli(['backup', backup, '--state', firstState])
      assert.equal(code, 1)
      assert.match(stderr, /exists already/)
    })

    await t.test('restore beside a running product is refused', () => {
      const { code, stderr } = runCli(['restore', backup, '--state', firstState])
      assert.equal(code, 1, stderr)
      assert.match(stderr, /in use|running|runs/)
    })

    await t.test('a graceful stop ends every process, exit code 0', async () => {
      const children = childrenOf(first.child.pid!)
      assert.ok(children.length >= 2, `only ${children.length} children: ${children.map((child) => child.commandLine).join()}`)
      await first.stop()
      assert.equal(first.child.exitCode, 0, first.output())
      for (const { pid, commandLine } of children) assert.ok(!existsSync(`/proc/${pid}`), `"${commandLine}" is still there`)
      await assert.rejects(ask(first.dnsPort, encodeQuery(1, EDGE_NAME, undefined), 300))
    })

    await t.test('a restart on the same state has the same generation and answers', async () => {
      const second = await start([], firstState)
      assert.deepEqual(await answers(second), wanted)
      assert.equal((await documentOf(second)).digest, live.digest)
      assert.doesNotMatch(second.output(), /sign in/, 'the first password is shown once only')
      await second.stop()
    })

    await t.test('a restore into an empty folder has the same document and answers', async () => {
      const state = join(folder, 'restored')
      const { code, stdout, stderr } = runCli(['restore', backup, '--state', state])
      assert.equal(code, 0, stderr)
      assert.match(stdout, /restored, generation \d+/)
      const restored = await start([], state)
      await untilAllUp(restored)
      assert.deepEqual(await answers(restored), wanted)
      assert.equal((await documentOf(restored)).digest, live.digest)
      await restored.stop()
    })

    await t.test('a damaged backup is refused', () => {
      const bytes = readFileSync(backup)
      bytes[bytes.length >> 1]! ^= 1
      const damaged = join(folder, 'damaged.backup')
      writeFileSync(damaged, bytes)
      const { code, stderr } = runCli(['restore', damaged, '--state', join(folder, 'damaged')])
      assert.equal(code, 1, stderr)
      assert.match(stderr, /BACKUP_DAMAGED/)
    })
  })

  test('a damaged store: with a kept snapshot DNS answers and control is tried again, without one it is one line', async () => {
    const state = join(folder, 'damaged-store')
    const paths = statePaths(state)
    const first = await start(['--document', example.documentPath], state)
    await untilAllUp(first)
    const wanted = await answers(first)
    await first.stop()
    const good = readFileSync(paths.store)
    writeFileSync(paths.store, Buffer.concat([Buffer.from('garbage'), good.subarray(7)]))

    const damaged = await start([], state)
    assert.match(
      damaged.output(),
      /^not ready: control cannot start, DNS answers from the kept generation; the store is damaged: .*nearcast restore.*\[STORE_DAMAGED\]/m,
    )
    assert.doesNotMatch(damaged.output(), /^ready$/m)
    assert.deepEqual(await answers(damaged), wanted)
    assert.equal((await fetch(`http://127.0.0.1:${damaged.metricsPort}/readyz`)).status, 200)
    writeFileSync(paths.store, good)
    await until('ready, once the store is whole again', 30_000, () => /^ready$/m.test(damaged.output()))
    assert.equal(damaged.output().match(/^not ready/gm)?.length, 1, damaged.output())
    assert.deepEqual(await answers(damaged), wanted)
    await damaged.stop()
    assert.equal(damaged.child.exitCode, 0)

    writeFileSync(paths.store, Buffer.concat([Buffer.from('garbage'), good.subarray(7)]))
    rmSync(join(state, 'node'), { recursive: true })
    const ports = ['--listen', '127.0.0.1:0', '--api-listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0']
    const { code, stderr } = runCli(['up', ...ports, '--state', state], {}, 15_000)
    assert.equal(code, 1)
    assert.match(stderr, /^nearcast control: the store is damaged: .*nearcast restore.*\[STORE_DAMAGED\]\n$/)
  })

  test('a console port that is taken does not end DNS that has a kept snapshot', async () => {
    const state = join(folder, 'taken-port')
    const first = await start(['--document', example.documentPath], state)
    await untilAllUp(first)
    const wanted = await answers(first)
    await first.stop()
    const taken = createServer()
    const port = await new Promise<number>((resolve) =>
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
    )
    try {
      const second = await start(['--api-listen', `127.0.0.1:${port}`], state)
      assert.match(second.output(), new RegExp(`^not ready: control cannot start, .* 127\\.0\\.0\\.1:${port} .*--api-listen`, 'm'))
      assert.deepEqual(await answers(second), wanted)
      await new Promise((resolve) => taken.close(resolve))
      await until('ready, once the port is free', 30_000, () => /^ready$/m.test(second.output()))
      await second.stop()
    } finally {
      taken.close()
    }
  })

  test('when the supervisor is killed, its children end by themselves', async () => {
    const product = await start(['--document', example.documentPath], join(folder, 'killed'))
    const children = childrenOf(product.child.pid!)
    product.child.kill('SIGKILL')
    await until('node and control end', 15_000, () => children.every(({ pid }) => !existsSync(`/proc/${pid}`)))
    const again = await start([], join(folder, 'killed'))
    await until('the same state starts again', 10_000, async () => (await answers(again))[0]?.includes(example.address('ningbo-telecom-1')))
    await again.stop()
  })
})
