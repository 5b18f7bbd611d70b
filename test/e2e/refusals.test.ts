/** Bad input of every kind: one clear line and the right exit code, or every issue at once; what runs goes on running. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { DocumentAnswer } from '../../admin-ui/contract/document.ts'
import type { Problem } from '../../admin-ui/contract/problem.ts'
import { packageRoot } from '../../cli/package-root.ts'
import { answerOf, ask, encodeQuery } from '../support/dns-load.ts'
import { callApi, EDGE_NAME, type Example, startExample, startProductOn, untilAllUp } from '../support/example-product.ts'
import { type CliResult, type Product, runCli, startProduct, until } from '../support/product.ts'

/** User without rights, on every Linux. */
const NOBODY = 65534
const isRoot = process.getuid?.() === 0

describe('refusals', () => {
  let example: Example
  let product: Product
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-refusals-'))
  before(async () => {
    example = await startExample()
    product = await startProductOn(example)
  })
  after(async () => {
    await product?.stop()
    await example?.stop()
    chmodSync(folder, 0o700)
    rmSync(folder, { recursive: true, force: true })
  })

  /** Runs `up` that must be refused: exit 1 within 15 s and exactly one line on standard error, with all the parts. */
  function refused(words: readonly string[], parts: readonly (string | RegExp)[], settings: { uid?: number } = {}): void {
    const result = runCli(words, settings, 15_000)
    checkLine(result, words, parts)
  }
  function checkLine({ code, stdout, stderr }: CliResult, words: readonly string[], parts: readonly (string | RegExp)[]): void {
    const seen = `nearcast ${words.join(' ')} → exit ${code}\n${stdout}${stderr}`
    assert.equal(code, 1, seen)
    const lines = stderr.split('\n').filter((line) => line !== '')
    assert.equal(lines.length, 1, `one clear line is wanted:\n${seen}`)
    for (const part of parts) assert.match(lines[0]!, part instanceof RegExp ? part : new RegExp(part.replace(/[.[\]]/g, '\\$&')), seen)
    assert.doesNotMatch(seen, /\n\s+at .*\.ts:\d+/, 'a stack trace is no message for operators')
  }
  const upOn = (state: string, ...words: string[]): string[] => [
    'up',
    '--listen',
    '127.0.0.1:0',
    '--api-listen',
    '127.0.0.1:0',
    '--metrics-listen',
    '127.0.0.1:0',
    '--state',
    state,
    ...words,
  ]
  const answers = async (): Promise<void> =>
    assert.equal(answerOf(await ask(product.dnsPort, encodeQuery(3, EDGE_NAME, '202.96.104.0/24'))), example.address('ningbo-telecom-1'))

  test('a second up on the same state folder', async () => {
    refused(upOn(product.stateFolder), [product.stateFolder, 'in use', String(product.child.pid), '--state'])
    await answers()
  })

  test('a second up on the same port', async () => {
    const words = [
      'up',
      '--listen',
      `127.0.0.1:${product.dnsPort}`,
      '--api-listen',
      '127.0.0.1:0',
      '--metrics-listen',
      '127.0.0.1:0',
      '--state',
      join(folder, 'second'),
    ]
    refused(words, [`127.0.0.1:${product.dnsPort}`, /taken|in use/])
    await answers()
  })

  test('the DNS port taken by another program, UDP or TCP', async () => {
    const udp = createSocket('udp4')
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    const tcp = createServer()
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
    try {
      for (const [port, protocol] of [
        [udp.address().port, 'UDP'],
        [(tcp.address() as { port: number }).port, 'TCP'],
      ] as const)
        refused(
          [
            'up',
            '--listen',
            `127.0.0.1:${port}`,
            '--api-listen',
            '127.0.0.1:0',
            '--metrics-listen',
            '127.0.0.1:0',
            '--state',
            join(folder, 'taken'),
          ],
          [`127.0.0.1:${port}`, protocol, /taken|in use/],
        )
    } finally {
      udp.close()
      tcp.close()
    }
  })

  test('the console or metrics port taken', () => {
    for (const [flag, port] of [
      ['--api-listen', product.apiPort],
      ['--metrics-listen', product.metricsPort],
    ] as const) {
      const other = flag === '--api-listen' ? '--metrics-listen' : '--api-listen'
      refused(
        ['up', '--listen', '127.0.0.1:0', flag, `127.0.0.1:${port}`, other, '127.0.0.1:0', '--state', join(folder, 'ports')],
        [`127.0.0.1:${port}`, /taken|in use/, flag],
      )
      assert.equal(existsSync(join(folder, 'ports')), false, 'nothing is made')
    }
  })

  test('a metrics port beyond loopback without a token, a console beyond loopback without TLS', () => {
    refused([...upOn(join(folder, 'open')), '--metrics-listen', '0.0.0.0:0'], ['--metrics-token-file'])
    refused([...upOn(join(folder, 'open')), '--api-listen', '0.0.0.0:0'], [/--tls-cert|--behind-proxy/])
  })

  test('a missing document, and one with errors, at the start', () => {
    refused(upOn(join(folder, 'missing'), '--document', join(folder, 'nothing.yaml')), [join(folder, 'nothing.yaml')])
    const bad = join(folder, 'bad-at-start.yaml')
    writeFileSync(bad, 'apiVersion: nearcast/v1\nnames:\n  - {name: a.example., types: [A], policy: none}\n')
    const { code, stderr } = runCli(upOn(join(folder, 'bad'), '--document', bad), {}, 15_000)
    assert.notEqual(code, 0, stderr)
    assert.match(stderr, /bad-at-start\.yaml/)
  })

  test('an unwritable state folder', { skip: isRoot ? false : 'needs root to become another user' }, () => {
    const state = join(folder, 'unwritable')
    mkdirSync(state)
    chmodSync(state, 0o755)
    chmodSync(folder, 0o755)
    refused(upOn(state), [state, /cannot be written/, '--state'], { uid: NOBODY })
    refused(upOn('/proc/nearcast'), ['/proc/nearcast', /cannot be written/])
  })

  test('an unknown flag or command, a wrong value: usage, exit 2', () => {
    for (const [words, part] of [
      [['up', '--colour'], "'--colour'"],
      [['apply'], 'name one document'],
      [['explain', EDGE_NAME], '--client'],
      [['upp'], 'unknown command "upp"'],
      [[], 'usage: nearcast COMMAND'],
    ] as const) {
      const { code, stdout, stderr } = runCli(words)
      assert.equal(code, 2, `nearcast ${words.join(' ')} → exit ${code}\n${stdout}${stderr}`)
      assert.ok(stderr.includes(part) || words.length === 0, stderr)
      assert.match(`${stdout}${stderr}`, /usage: nearcast/)
    }
    const help = runCli(['up', '--help'])
    assert.equal(help.code, 0)
    assert.match(help.stdout, /--listen ADDR:PORT/)
  })

  test('a document with errors: all at once with place and remedy, exit 2 and HTTP 422, the live generation untouched', async () => {
    const live = (await callApi(product, 'GET', '/document')).json as DocumentAnswer
    const bad = join(example.folder, 'bad.yaml')
    const text = readFileSync(example.documentPath, 'utf8')
      .replace('place: cn-3302, carrier: telecom', 'place: cn-9999, carrier: telekom')
      .replace('fallback: [central]', 'fallback: [centrall]')
      .replace('line: cn-33/unicom', 'line: cn-33/unicorn')
      .replace('apiVersion: nearcast/v1', 'apiVersion: nearcast/v1\ncolour: red')
    writeFileSync(bad, text)
    const { code, stderr } = runCli(['apply', bad, '--state', product.stateFolder])
    assert.equal(code, 2, stderr)
    for (const part of ['cn-9999', 'telekom', 'centrall', 'cn-33/unicorn', 'colour'])
      assert.match(stderr, new RegExp(`bad\\.yaml:\\d+:\\d+ error [A-Z_]+ .*${part}`), `no issue with place for "${part}" in:\n${stderr}`)
    assert.match(stderr, /[5-9] errors/)
    const json = JSON.parse(runCli(['apply', bad, '--state', product.stateFolder, '--json']).stdout) as Problem
    assert.ok((json.issues?.length ?? 0) >= 5, JSON.stringify(json))
    const files = { 'park-a.cidr': '', 'devices.yourcompany.com.zone': '' }
    const { status } = await callApi(product, 'PUT', '/document', { text, files, basedOn: null, force: true, comment: '', accept: [] })
    assert.equal(status, 422)
    const garbage = await callApi(product, 'PUT', '/document', {
      text: '{{{ \u0000',
      files: {},
      basedOn: null,
      force: true,
      comment: '',
      accept: [],
    })
    assert.equal(garbage.status, 422, JSON.stringify(garbage.json))
    assert.deepEqual((await callApi(product, 'GET', '/document')).json, live)
    await answers()
  })

  test('a damaged geodata file is refused with the reason', () => {
    const good = join(packageRoot(), 'geodata/default/default.geodata')
    const cases = [
      {
        name: 'bit',
        change: (bytes: Buffer) => {
          bytes[bytes.length >> 1]! ^= 1
          return bytes
        },
      },
      { name: 'short', change: (bytes: Buffer) => bytes.subarray(0, bytes.length - 100) },
      { name: 'other', change: () => Buffer.from('this is no geodata file') },
      { name: 'empty', change: () => Buffer.alloc(0) },
    ]
    for (const { name, change } of cases) {
      const path = join(folder, `${name}.geodata`)
      copyFileSync(good, path)
      writeFileSync(path, change(readFileSync(path)))
      checkLine(runCli(['geodata', 'info', '--file', path]), ['geodata', 'info', '--file', path], [path])
      refused(upOn(join(folder, `geodata-${name}`), '--geodata', path), [path])
    }
  })

  test('malformed packets: FORMERR, another refusal or nothing, and the server goes on', async () => {
    const good = encodeQuery(1, EDGE_NAME, '202.96.104.0/24')
    const packets: Buffer[] = [
      Buffer.alloc(0),
      Buffer.alloc(1),
      Buffer.alloc(11),
      Buffer.alloc(12),
      Buffer.alloc(512, 0xff),
      Buffer.alloc(4000, 0xc0),
    ]
    for (let length = 0; length < good.length; length++) packets.push(good.subarray(0, length))
    for (let at = 0; at < good.length; at++)
      for (const value of [0, 1, 0x3f, 0x80, 0xc0, 0xff]) {
        const changed = Buffer.from(good)
        changed[at] = value
        packets.push(changed)
      }
    // A name that points at itself, two questions, an option that is longer than the packet, a client subnet of family 9.
    packets.push(Buffer.from('000100000001000000000000c00c00010001', 'hex'))
    packets.push(Buffer.from('0001000000020000000000000161000001000101620000010001', 'hex'))
    packets.push(Buffer.from('00010000000100000000000101610000010001000029100000000000ffff0008', 'hex'))
    packets.push(Buffer.from('000100000001000000000001016100000100010000291000000000000008000800040009 1800'.replaceAll(' ', ''), 'hex'))
    const socket = createSocket('udp4')
    const replies: Buffer[] = []
    socket.on('message', (reply) => replies.push(reply))
    for (const packet of packets) {
      await new Promise<void>((resolve) => socket.send(packet, product.dnsPort, '127.0.0.1', () => resolve()))
    }
    await answers()
    await until('replies end', 5000, () => replies.length > 100)
    socket.close()
    for (const reply of replies) {
      assert.ok(reply.length >= 12 && (reply[2]! & 0x80) !== 0, `not a response: ${reply.toString('hex')}`)
      assert.notEqual(reply[3]! & 15, 2, `SERVFAIL, so the answer code failed: ${reply.toString('hex')}`)
    }
    const seen = new Set(replies.map((reply) => reply[3]! & 15))
    assert.ok(seen.has(1), `no FORMERR among the response codes ${[...seen].join()}`)
    const text = await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()
    assert.match(text, /^nearcast_answer_exceptions_total\{transport="udp"\} 0$/m)
    for (let n = 0; n < 20; n++) await answers()
  })

  test('it runs without any rights', { skip: isRoot ? false : 'this whole run is unprivileged already' }, async () => {
    chmodSync(example.folder, 0o755)
    const unprivileged = await startProduct(['--document', example.documentPath], { uid: NOBODY })
    try {
      await untilAllUp(unprivileged)
      const node = readFileSync(`/proc/${unprivileged.pidOf('node')}/status`, 'utf8')
      assert.match(node, new RegExp(`^Uid:\\t${NOBODY}\\t`, 'm'))
      assert.match(node, /^CapEff:\t0+$/m)
      assert.equal(
        answerOf(await ask(unprivileged.dnsPort, encodeQuery(3, EDGE_NAME, '202.96.104.0/24'))),
        example.address('ningbo-telecom-1'),
      )
    } finally {
      await unprivileged.stop()
    }
  })

  const firstFree = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'))
  test('port 53 without the capability', {
    skip: !isRoot ? 'needs root to become another user' : firstFree <= 53 ? 'this machine gives port 53 to everybody' : false,
  }, () => {
    const state = join(folder, 'port-53')
    mkdirSync(state)
    chmodSync(state, 0o777)
    refused(
      ['up', '--listen', '127.0.0.1:53', '--api-listen', '127.0.0.1:0', '--metrics-listen', '127.0.0.1:0', '--state', state],
      ['127.0.0.1:53', /capability|CAP_NET_BIND_SERVICE/i],
      { uid: NOBODY },
    )
  })
})
