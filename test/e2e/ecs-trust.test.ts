/** `options.ecsTrust` on the running product, asked with dig from two resolvers' addresses; a publish changes whom it believes. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ExplainAnswer } from '../../admin-ui/contract/explain.ts'
import { clientsDocument, runCommand, STEERED, STEERED_ELSE, startClientsProduct } from '../support/clients-product.ts'
import type { Product } from '../support/product.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder()
/** Networks of the two resolvers; lines of the document hold both, so that it shows when their own address decides. */
const LISTED = '127.30.1.53'
const OTHER = '127.30.2.53'
const [OF_CLIENT, , , OF_CLIENT_6, OF_LISTED, OF_OTHER] = STEERED.map(([, address]) => address)

describe('ecsTrust', () => {
  let product: Product
  before(async () => {
    product = await startClientsProduct(folder.path)
  })
  after(() => product?.stop())

  async function trust(list: string): Promise<void> {
    const path = join(folder.path, 'trust.yaml')
    writeFileSync(path, `${clientsDocument()}options: {ecsTrust: ${list}}\n`)
    await product.cli('apply', path, '--accept', 'ZONE_APEX_TYPE_BELOW')
  }

  /** Address and what dig says of the client subnet, as source and scope. */
  async function ask(from: string, subnet: string | undefined, name: string = 'edge.steer.test', type: string = 'A'): Promise<string> {
    const words = ['-b', from, '@127.0.0.1', '-p', String(product.dnsPort), '+tries=3', '+time=5', name, type]
    const { code, stdout } = await runCommand('dig', [...words, ...(subnet === undefined ? [] : [`+subnet=${subnet}`])])
    assert.equal(code, 0, stdout)
    const address = /\sIN\s+A\s+(\S+)$/m.exec(stdout)?.[1] ?? /status: (\w+)/.exec(stdout)?.[1]
    const option = /CLIENT-SUBNET: \S+\/(\d+)\/(\d+)/.exec(stdout)
    return option === null ? `${address} -` : `${address} ${option[1]}/${option[2]}`
  }

  test('client subnets of a listed resolver decide; those of another are echoed with scope 0, and its own address decides', async () => {
    await trust('[127.30.1.0/24]')
    assert.equal(await ask(LISTED, '198.51.100.0/24'), `${OF_CLIENT} 24/24`)
    assert.equal(await ask(LISTED, '2001:db8:1::/56'), `${OF_CLIENT_6} 56/48`)
    assert.equal(await ask(LISTED, undefined), `${OF_LISTED} -`)
    assert.equal(await ask(LISTED, '0.0.0.0/0'), `${OF_LISTED} 0/0`)
    for (const subnet of ['198.51.100.0/24', '203.0.113.0/25', '192.0.2.0/32']) {
      assert.equal(await ask(OTHER, subnet), `${OF_OTHER} ${subnet.split('/')[1]}/0`, subnet)
      assert.equal(await ask('127.30.3.53', subnet), `${STEERED_ELSE} ${subnet.split('/')[1]}/0`, subnet)
    }
    assert.equal(await ask(OTHER, '2001:db8:1::/56'), `${OF_OTHER} 56/0`)
    assert.equal(await ask(OTHER, undefined), `${OF_OTHER} -`)
    // What is not steered, is not there, or is an alias into what is steered.
    assert.equal(await ask(OTHER, '198.51.100.0/24', 'www.steer.test'), `${OF_OTHER} 24/0`)
    assert.equal(await ask(OTHER, '198.51.100.0/24', 'static.steer.test'), '192.0.2.200 24/0')
    assert.equal(await ask(OTHER, '198.51.100.0/24', 'none.steer.test'), 'NXDOMAIN 24/0')
    assert.equal(await ask(OTHER, '198.51.100.0/24', 'edge.steer.test', 'AAAA'), 'NOERROR 24/0')
  })

  test('explain tells whose address decided, and why', async () => {
    const explain = async (resolver: string): Promise<ExplainAnswer> =>
      JSON.parse(await product.cli('explain', 'edge.steer.test', '--client', '198.51.100.7', '--resolver', resolver, '--json'))
    const listed = await explain(LISTED)
    assert.deepEqual([listed.addressUsed, listed.clientSubnet, listed.scopePrefixLength], ['198.51.100.7', 'used', 24])
    const other = await explain('8.8.8.8')
    assert.deepEqual([other.addressUsed, other.clientSubnet, other.scopePrefixLength], ['8.8.8.8', 'untrusted-resolver', 0])
    const text = await product.cli('explain', 'edge.steer.test', '--client', '198.51.100.7', '--resolver', '8.8.8.8')
    assert.match(text, /the resolver is not in options\.ecsTrust/)
    assert.match(text, /public resolver \(Google Public DNS\): anycast, its place says nothing of the clients behind it/)
  })

  test('another list takes effect with its publish', async () => {
    await trust('[127.30.2.53]')
    assert.equal(await ask(OTHER, '198.51.100.0/24'), `${OF_CLIENT} 24/24`)
    assert.equal(await ask(LISTED, '198.51.100.0/24'), `${OF_LISTED} 24/0`)
    await trust('[]')
    assert.equal(await ask(OTHER, '198.51.100.0/24'), `${OF_OTHER} 24/0`)
    await trust('all')
    for (const from of [LISTED, OTHER]) assert.equal(await ask(from, '198.51.100.0/24'), `${OF_CLIENT} 24/24`)
  })
})
