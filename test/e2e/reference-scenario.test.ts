/** The reference scenario as a user sees it: `nearcast up --example`, asked by our own client, dig and kdig; on both UDP paths. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import * as dnsPacket from 'dns-packet'
import type { ExplainAnswer } from '../../admin-ui/contract/explain.ts'
import { answerOf, ask, askTcp, encodeQuery, scopeOf } from '../support/dns-load.ts'
import { lockExample } from '../support/example-lock.ts'
import { EDGE_NAME, untilAllUp } from '../support/example-product.ts'
import { type Product, startProduct } from '../support/product.ts'

const CENTRAL = ['127.0.1.91', '127.0.1.92']
/** What examples/edge-api/nearcast.yaml means for each subnet. */
const CASES = [
  { subnet: '202.96.104.0/24', who: 'Ningbo Telecom', rule: 'cn-3302/telecom', expected: ['127.0.1.11'] },
  { subnet: '211.140.13.0/24', who: 'Zhejiang Mobile', rule: 'cn-33/mobile', expected: ['127.0.1.12'] },
  { subnet: '221.12.1.0/24', who: 'Zhejiang Unicom', rule: 'cn-33/unicom', expected: ['127.0.1.21'] },
  { subnet: '219.141.136.0/24', who: 'Beijing', rule: '*', expected: CENTRAL },
  { subnet: '8.8.8.0/24', who: 'abroad', rule: '*', expected: CENTRAL },
  { subnet: '240e:380::/32', who: 'China Telecom over IPv6', rule: '*', expected: CENTRAL },
] as const

const PATHS = [
  { path: 'koffi', environment: {}, line: 'UDP through recvmmsg and sendmmsg' },
  { path: 'node:dgram', environment: { NEARCAST_NO_FFI: '1' }, line: 'node:dgram' },
] as const

const installed = (tool: string): boolean => spawnSync(tool, ['-v'], { stdio: 'ignore' }).error === undefined

for (const { path, environment, line } of PATHS) {
  describe(`reference scenario through ${path}`, () => {
    let product: Product
    let unlock: () => void = () => undefined
    before(async () => {
      unlock = await lockExample()
      product = await startProduct(['--example'], { environment })
      await untilAllUp(product)
    })
    after(async () => {
      await product?.stop()
      unlock()
    })

    test('it says where DNS, console and metrics are, and which UDP path it took', () => {
      const output = product.output()
      for (const part of [
        `DNS      127.0.0.1:${product.dnsPort}`,
        `http://127.0.0.1:${product.apiPort}/`,
        `:${product.metricsPort}/metrics`,
        line,
      ])
        assert.ok(output.includes(part), `"${part}" is not in:\n${output}`)
      assert.match(output, /sign in {2}user "admin", password "[^"]+"/, 'the first admin password is not printed')
    })

    for (const { subnet, who, rule, expected } of CASES) {
      test(`${subnet} (${who}) gets ${expected.join(' or ')} over UDP and TCP, as explain says`, async () => {
        const query = encodeQuery(7, EDGE_NAME, subnet)
        const explained = JSON.parse(await product.cli('explain', EDGE_NAME, '--client', subnet, '--json')) as ExplainAnswer
        const answered = explained.rules.find(({ verdict }) => verdict === 'answered')?.line
        assert.equal(answered, rule, `explain answers by rule ${answered}: ${explained.sentence}`)
        for (const [transport, reply] of [
          ['UDP', await ask(product.dnsPort, query)],
          ['TCP', await askTcp(product.dnsPort, query)],
        ] as const) {
          const answer = answerOf(reply)
          assert.ok((expected as readonly string[]).includes(answer), `${transport} answered ${answer}`)
          assert.equal(scopeOf(reply), explained.scopePrefixLength, `${transport}: the scope is not what explain says (${explained.scope})`)
          assert.ok((scopeOf(reply) ?? 0) > 0, `${transport}: the answer depends on the client, so its scope cannot be ${scopeOf(reply)}`)
          assert.ok(
            explained.records.some((record) => record.endsWith(` A ${answer}`)) || rule === '*',
            `explain says ${explained.records.join()}, ${transport} ${answer}`,
          )
          assert.equal(reply[2]! & 4, 4, `${transport}: the answer is not authoritative`)
        }
      })
    }

    test('addresses all over the returned scope get the same answer', async () => {
      for (const { subnet } of CASES) {
        if (subnet.includes(':')) continue
        const first = await ask(product.dnsPort, encodeQuery(7, EDGE_NAME, subnet))
        const scope = scopeOf(first)!
        const words = subnet.split('/')[0]!.split('.').map(Number)
        const base = ((words[0]! << 24) | (words[1]! << 16) | (words[2]! << 8) | words[3]!) >>> 0
        const size = 2 ** (32 - scope)
        const network = Math.floor(base / size) * size
        for (let part = 0; part < 32; part++) {
          const address = network + Math.floor((size - 1) * (part / 31))
          const text = [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
          const reply = await ask(product.dnsPort, encodeQuery(8, EDGE_NAME, `${text}/32`))
          assert.equal(answerOf(reply), answerOf(first), `${text} lies in ${subnet}'s scope /${scope} but gets another answer`)
        }
      }
    })

    test('www is a CNAME, followed to the steered address in the same answer, with the steered scope', async () => {
      for (const reply of [
        await ask(product.dnsPort, encodeQuery(7, 'www.yourcompany.com', '202.96.104.0/24')),
        await askTcp(product.dnsPort, encodeQuery(7, 'www.yourcompany.com', '202.96.104.0/24')),
      ]) {
        const answers = (dnsPacket.decode(reply).answers ?? []) as { type: string; name: string; data: unknown }[]
        assert.deepEqual(
          answers.map(({ type, name, data }) => `${name} ${type} ${data}`),
          [`www.yourcompany.com CNAME ${EDGE_NAME}`, `${EDGE_NAME} A 127.0.1.11`],
        )
        assert.ok(scopeOf(reply)! > 0, `scope ${scopeOf(reply)}`)
      }
    })

    test('names and zones that are not there: NXDOMAIN and NODATA with SOA, REFUSED elsewhere', async () => {
      for (const [name, type, rcode, soa] of [
        ['nothing.yourcompany.com', 'A', 3, true],
        [EDGE_NAME, 'MX', 0, true],
        ['example.net', 'A', 5, false],
      ] as const) {
        const reply = await ask(product.dnsPort, encodeQuery(7, name, '202.96.104.0/24', type))
        assert.equal(reply[3]! & 15, rcode, `${name} ${type}: rcode ${reply[3]! & 15}`)
        assert.equal(
          (dnsPacket.decode(reply).authorities ?? []).some((record) => record.type === 'SOA'),
          soa,
          `${name} ${type}: SOA`,
        )
      }
    })

    for (const tool of ['dig', 'kdig'] as const) {
      test(`${tool} agrees`, { skip: installed(tool) ? false : `${tool} is not installed` }, () => {
        for (const { subnet, expected } of CASES) {
          for (const transport of ['', '+tcp']) {
            const words = [
              '@127.0.0.1',
              '-p',
              String(product.dnsPort),
              EDGE_NAME,
              'A',
              '+norecurse',
              `+subnet=${subnet}`,
              ...(transport === '' ? [] : [transport]),
            ]
            const { stdout } = spawnSync(tool, words, { encoding: 'utf8' })
            assert.match(stdout, /status: NOERROR/, `${tool} ${words.join(' ')}:\n${stdout}`)
            const [, address] = /^edge-api\S*\s+\d+\s+IN\s+A\s+(\S+)/m.exec(stdout) ?? []
            assert.ok((expected as readonly string[]).includes(address!), `${tool} ${words.join(' ')} got ${address}:\n${stdout}`)
            assert.match(stdout, /CLIENT-SUBNET: \S+\/\d+\/[1-9]/, `${tool}: no client subnet with a scope:\n${stdout}`)
            assert.doesNotMatch(stdout, /warning|malformed|extra bytes/i, `${tool} complains:\n${stdout}`)
          }
        }
      })
    }
  })
}
