/**
 * unbound as the resolver in front of the product: client subnets sent on and cached by our scopes, strict QNAME minimisation, 0x20,
 * TCP and TLS upstream. Every query that unbound sends upstream is counted by the product, so a hit in its cache is seen as none.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { readCounter, runCommand, STEERED, STEERED_ELSE, startClientsProduct } from '../support/clients-product.ts'
import { EDGE_EXAMPLE } from '../support/edge-example-certificate.ts'
import { freePort, type Product } from '../support/product.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startUnbound, type Unbound, type UnboundSettings } from '../support/unbound.ts'

const folder = temporaryFolder()
const caPath = folder.write('chain.pem', EDGE_EXAMPLE.cert)
const keyPath = folder.write('key.pem', EDGE_EXAMPLE.key)
const ZONES = ['steer.test', 'example.com']

let product: Product
let dotPort = 0

before(async () => {
  dotPort = await freePort()
  product = await startClientsProduct(folder.path, [
    ...['--dot-listen', `127.0.0.1:${dotPort}`, '--tls-cert', caPath, '--tls-key', keyPath],
  ])
})
after(() => product?.stop())

/** What unbound said to one question. */
type Answer = {
  readonly text: string
  readonly addresses: readonly string[]
  readonly scope: string | undefined
  readonly upstream: number
}

describe('unbound in front', () => {
  let number = 0

  /** Runs `body` with a resolver of its own, so that every test begins with an empty cache. */
  async function withUnbound(settings: Partial<UnboundSettings>, body: (unbound: Unbound) => Promise<void>): Promise<void> {
    const unbound = await startUnbound({
      folder: join(folder.path, `unbound-${number++}`),
      zones: ZONES,
      server: `127.0.0.1@${product.dnsPort}`,
      ...settings,
    })
    try {
      await body(unbound)
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${unbound.output()}`, { cause: error })
    } finally {
      await unbound.stop()
    }
  }

  async function ask(unbound: Unbound, ...words: string[]): Promise<Answer> {
    const before = await readCounter(product, 'nearcast_queries_total')
    const { code, stdout } = await runCommand('dig', ['@127.0.0.1', '-p', String(unbound.port), '+tries=1', '+time=10', ...words])
    assert.equal(code, 0, stdout)
    return {
      text: stdout,
      addresses: [...stdout.matchAll(/\sIN\s+A\s+(\S+)$/gm)].map(([, address]) => address!).sort(),
      scope: /CLIENT-SUBNET: (\S+)/.exec(stdout)?.[1],
      upstream: (await readCounter(product, 'nearcast_queries_total')) - before,
    }
  }

  /** Debian builds unbound with its subnet module. */
  const ECS: readonly string[] = [
    'module-config: "subnetcache validator iterator"',
    'send-client-subnet: 127.0.0.1',
    'max-client-subnet-ipv4: 32',
    'max-client-subnet-ipv6: 64',
  ]

  test('client subnets of queries are sent on; each network has its address; a second client in the scope is a cache hit', {
    timeout: 60_000,
  }, async () => {
    await withUnbound({ lines: [...ECS, 'client-subnet-always-forward: yes'] }, async (unbound) => {
      // First client, another inside the same line, and both again: what the cache holds by then.
      const rows: readonly (readonly [client: string, address: string, isHit: boolean])[] = [
        ['198.51.100.7/32', STEERED[0]![1], false],
        ['198.51.100.250/32', STEERED[0]![1], true],
        ['198.51.100.0/24', STEERED[0]![1], true],
        ['203.0.113.1/32', STEERED[1]![1], false],
        ['203.0.113.127/32', STEERED[1]![1], true],
        ['203.0.113.128/32', STEERED[2]![1], false],
        ['203.0.113.200/32', STEERED[2]![1], true],
        ['203.0.113.5/32', STEERED[1]![1], true],
        ['2001:db8:1:1::1/64', STEERED[3]![1], false],
        ['2001:db8:1:ffff::1/64', STEERED[3]![1], true],
        ['2001:db8:2::/56', STEERED_ELSE, false],
        ['198.51.100.99/32', STEERED[0]![1], true],
        ['192.0.2.77/32', STEERED_ELSE, false],
        ['192.0.2.77/32', STEERED_ELSE, true],
        // Who wants no subnet sent is answered by the resolver's own address (RFC 7871 §7.1.2).
        ['0.0.0.0/0', STEERED_ELSE, false],
      ]
      for (const [client, address, isHit] of rows) {
        const answer = await ask(unbound, `+subnet=${client}`, 'edge.steer.test', 'A')
        assert.deepEqual(answer.addresses, [address], `${client}\n${answer.text}`)
        assert.equal(answer.upstream === 0, isHit, `${client}: ${answer.upstream} queries upstream\n${answer.text}`)
        // dig sets the host bits to zero: length and scope are left to see.
        assert.match(answer.scope ?? '', new RegExp(`/${client.split('/')[1]}/\\d+$`), client)
      }
    })
  })

  test('clients by their own address: two networks, two answers; static names are one entry for all', { timeout: 60_000 }, async () => {
    await withUnbound({ lines: ECS }, async (unbound) => {
      const from = (address: string, ...words: string[]): Promise<Answer> => ask(unbound, '-b', address, ...words)
      const first = await from('127.30.1.1', 'edge.steer.test', 'A')
      assert.deepEqual([first.addresses, first.upstream > 0], [[STEERED[4]![1]], true])
      const second = await from('127.30.1.200', 'edge.steer.test', 'A')
      assert.deepEqual([second.addresses, second.upstream], [[STEERED[4]![1]], 0])
      const other = await from('127.30.2.1', 'edge.steer.test', 'A')
      assert.deepEqual([other.addresses, other.upstream > 0], [[STEERED[5]![1]], true])
      const elsewhere = await from('127.30.3.1', 'edge.steer.test', 'A')
      assert.deepEqual([elsewhere.addresses, elsewhere.upstream > 0], [[STEERED_ELSE], true])
      assert.deepEqual((await from('127.30.1.9', 'edge.steer.test', 'A')).upstream, 0)
      // An alias of a steered name is as steered as the name.
      for (const [address, expected] of [
        ['127.30.1.1', STEERED[4]![1]],
        ['127.30.2.1', STEERED[5]![1]],
      ] as const)
        assert.deepEqual((await from(address, 'www.steer.test', 'A')).addresses, [expected])
      // Scope 0: whoever asks first fills the cache for everybody.
      for (const words of [
        ['static.steer.test', 'A'],
        ['none.steer.test', 'A'],
        ['under.steer.test', 'A'],
        ['edge.steer.test', 'TXT'],
      ]) {
        assert.ok((await from('127.30.1.1', ...words)).upstream > 0, words.join(' '))
        for (const address of ['127.30.1.2', '127.30.2.1', '127.99.1.1'])
          assert.equal((await from(address, ...words)).upstream, 0, `${words.join(' ')} from ${address}`)
      }
    })
  })

  const QUESTIONS: readonly (readonly [question: string, expected: RegExp])[] = [
    ['deep.under.steer.test A', /IN\s+A\s+192\.0\.2\.100/],
    ['a.b.c.example.com TXT', /below empty non-terminals/],
    ['b.c.example.com A', /NOERROR/],
    ['x.none.example.com A', /NXDOMAIN/],
    ['x.y.wild.example.com TXT', /"any"/],
    ['x.d.example.com A', /DNAME[\s\S]*192\.0\.2\.26/],
    ['www.example.com A', /CNAME[\s\S]*192\.0\.2\.25/],
    ['www.steer.test A', /CNAME[\s\S]*192\.0\.2\.100/],
    ['long.example.com TXT', /"text 99 x+"/],
    ['example.com MX', /10 mail\.example\.com\./],
    ['_25._tcp.none.example.com TLSA', /NXDOMAIN/],
  ]
  const tls = { lines: [`tls-cert-bundle: "${caPath}"`], stubLines: ['stub-tls-upstream: yes'] }
  const rows: readonly (readonly [name: string, settings: () => Partial<UnboundSettings>])[] = [
    ['strict QNAME minimisation', () => ({ lines: ['qname-minimisation: yes', 'qname-minimisation-strict: yes'] })],
    ['0x20', () => ({ lines: ['use-caps-for-id: yes'] })],
    [
      '0x20 and strict minimisation with client subnets',
      () => ({ lines: [...ECS, 'use-caps-for-id: yes', 'qname-minimisation-strict: yes'] }),
    ],
    ['TCP upstream', () => ({ stubLines: ['stub-tcp-upstream: yes'] })],
    ['TCP upstream, 0x20, client subnets', () => ({ lines: [...ECS, 'use-caps-for-id: yes'], stubLines: ['stub-tcp-upstream: yes'] })],
    ['TLS upstream', () => ({ ...tls, server: `127.0.0.1@${dotPort}#edge.example` })],
    ['TLS upstream with client subnets', () => ({ ...tls, lines: [...ECS, ...tls.lines], server: `127.0.0.1@${dotPort}#edge.example` })],
    [
      'hardened against everything',
      () => ({
        lines: [
          'harden-below-nxdomain: yes',
          'harden-referral-path: yes',
          'harden-large-queries: yes',
          'harden-short-bufsize: yes',
          'aggressive-nsec: yes',
          'edns-buffer-size: 1232',
        ],
      }),
    ],
  ]
  for (const [name, settings] of rows)
    test(name, { timeout: 60_000 }, async () => {
      await withUnbound(settings(), async (unbound) => {
        for (const [question, expected] of QUESTIONS) {
          const { text } = await ask(unbound, ...question.split(' '))
          assert.match(text, expected, `${question}\n${text}`)
          assert.doesNotMatch(text, /SERVFAIL/, question)
        }
        const warnings = unbound.output().match(/^.*(?:error|warning|caps|mismatch).*$/gim) ?? []
        assert.deepEqual(
          warnings.filter((line) => !/root|trust|subnetcache: (prefetch|serve)/i.test(line)),
          [],
        )
      })
    })
})
