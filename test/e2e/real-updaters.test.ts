/**
 * Unmodified clients of dynamic updates: certbot's rfc2136 plugin and lego obtain certificates by dns-01 from an ACME server that
 * asks us, and clean up; external-dns's message sequence is replayed by dnspython (it is no package of Debian).
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, test } from 'node:test'
import { type AcmeServer, startAcmeServer } from '../support/acme-server.ts'
import { CLIENTS_SECRET, readCounter, runCommand, startClientsProduct } from '../support/clients-product.ts'
import type { Product } from '../support/product.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder()
const ACME_SECRET = Buffer.alloc(64, 11).toString('base64')
let product: Product

before(async () => {
  const stateFolder = join(folder.path, 'state')
  mkdirSync(join(stateFolder, 'secrets'), { recursive: true })
  writeFileSync(join(stateFolder, 'secrets', 'acme'), `${ACME_SECRET}\n`)
  product = await startClientsProduct(
    folder.path,
    [],
    `  - name: acme.test.
    soa: {mname: ns1.acme.test., rname: hostmaster.acme.test., minimumSeconds: 5}
    nameservers: [ns1.acme.test.]
    allowUpdate: [{tsigKey: acme., names: [_acme-challenge, "_acme-challenge.*"], types: [TXT]}]
    records:
      - {name: ns1, type: A, data: ["127.0.0.1"]}
      - {name: www, type: A, data: ["192.0.2.1"]}
      - {name: "@", type: CAA, data: ['0 issue "pebble.letsencrypt.org"']}
  - name: k8s.test.
    soa: {mname: ns1.k8s.test., rname: hostmaster.k8s.test., minimumSeconds: 5}
    nameservers: [ns1.k8s.test.]
    allowTransfer: [{tsigKey: clients.}]
    allowUpdate: [{tsigKey: clients., types: [ANY]}]
    records:
      - {name: ns1, type: A, data: ["127.0.0.1"]}
      - {name: by-hand, type: A, data: ["192.0.2.9"]}
`,
    { stateFolder },
    '  - {name: acme., algorithm: hmac-sha512, secretRef: acme}\n',
  )
})
after(() => product?.stop())

async function dig(...words: string[]): Promise<string> {
  const { stdout } = await runCommand('dig', ['@127.0.0.1', '-p', String(product.dnsPort), '+tries=2', ...words])
  return stdout.trim()
}

const short = async (name: string, type: string): Promise<string[]> => (await dig('+short', name, type)).split('\n').filter(Boolean).sort()

describe('certificates by dns-01', () => {
  let acme: AcmeServer
  before(async () => {
    acme = await startAcmeServer(join(folder.path, 'pebble'), `127.0.0.1:${product.dnsPort}`)
  })
  after(() => acme?.stop())

  const CHALLENGES = ['_acme-challenge.acme.test', '_acme-challenge.www.acme.test', '_acme-challenge.a.b.acme.test']
  const NAMES = ['acme.test', '*.acme.test', 'www.acme.test', '*.a.b.acme.test']

  /** The certificate is for these names, and nothing of the challenges is left. */
  async function checkIssued(path: string, expected: readonly string[] = NAMES): Promise<string> {
    const certificate = new X509Certificate(readFileSync(path))
    const names = (certificate.subjectAltName ?? '').split(', ').map((entry) => entry.replace('DNS:', ''))
    assert.deepEqual(names.sort(), [...expected].sort())
    for (const name of CHALLENGES) assert.match(await dig(name, 'TXT'), /status: NXDOMAIN/, `${name} is gone`)
    return certificate.serialNumber
  }

  test('certbot with its rfc2136 plugin: a certificate of four names, two with wildcards, then its renewal', {
    timeout: 180_000,
  }, async () => {
    const credentials = folder.write(
      'rfc2136.ini',
      `dns_rfc2136_server = 127.0.0.1
dns_rfc2136_port = ${product.dnsPort}
dns_rfc2136_name = acme.
dns_rfc2136_secret = ${ACME_SECRET}
dns_rfc2136_algorithm = HMAC-SHA512
`,
    )
    chmodSync(credentials, 0o600)
    const home = join(folder.path, 'certbot')
    const folders = ['--config-dir', home, '--work-dir', join(home, 'work'), '--logs-dir', join(home, 'logs')]
    const certbot = async (...words: string[]): Promise<void> => {
      const { code, stdout, stderr } = await runCommand('certbot', [...words, ...folders, '--non-interactive'], {
        REQUESTS_CA_BUNDLE: acme.caPath,
      })
      assert.equal(code, 0, `${stdout}${stderr}\n${acme.output()}`)
    }
    const before = await readCounter(product, 'nearcast_updates_total')
    await certbot(
      ...['certonly', '--server', acme.directory, '--agree-tos', '--register-unsafely-without-email', '--cert-name', 'acme'],
      ...['--dns-rfc2136', '--dns-rfc2136-credentials', credentials, '--dns-rfc2136-propagation-seconds', '0'],
      ...NAMES.flatMap((name) => ['-d', name]),
    )
    const path = join(home, 'live/acme/cert.pem')
    const serial = await checkIssued(path)
    assert.equal((await readCounter(product, 'nearcast_updates_total')) - before, 2 * NAMES.length, 'each TXT added and removed')
    await certbot('renew', '--force-renewal', '--no-random-sleep-on-renew')
    assert.notEqual(await checkIssued(path), serial)
  })

  test('lego: a name and its wildcard, two TXT records at one name', { timeout: 180_000 }, async () => {
    // It waits some 5 s a name before it looks whether the server has checked.
    const names = NAMES.slice(0, 2)
    const { code, stdout, stderr } = await runCommand(
      'lego',
      [
        ...[
          '--server',
          acme.directory,
          '--accept-tos',
          '--email',
          'hostmaster@acme.test',
          '--path',
          join(folder.path, 'lego'),
          '--dns',
          'rfc2136',
        ],
        // What it would ask next are the name servers at port 53.
        ...['--dns.resolvers', `127.0.0.1:${product.dnsPort}`, '--dns.disable-cp'],
        ...names.flatMap((name) => ['--domains', name]),
        'run',
      ],
      {
        LEGO_CA_CERTIFICATES: acme.caPath,
        RFC2136_NAMESERVER: `127.0.0.1:${product.dnsPort}`,
        RFC2136_TSIG_ALGORITHM: 'hmac-sha512.',
        RFC2136_TSIG_KEY: 'acme.',
        RFC2136_TSIG_SECRET: ACME_SECRET,
        RFC2136_SEQUENCE_INTERVAL: '1',
        RFC2136_POLLING_INTERVAL: '1',
      },
    )
    assert.equal(code, 0, `${stdout}${stderr}\n${acme.output()}`)
    await checkIssued(join(folder.path, 'lego/certificates/acme.test.crt'), names)
  })

  test('a key that may not write there: certbot says REFUSED and no certificate is made', { timeout: 120_000 }, async () => {
    const credentials = folder.write(
      'refused.ini',
      `dns_rfc2136_server = 127.0.0.1
dns_rfc2136_port = ${product.dnsPort}
dns_rfc2136_name = clients.
dns_rfc2136_secret = ${CLIENTS_SECRET}
dns_rfc2136_algorithm = HMAC-SHA256
`,
    )
    chmodSync(credentials, 0o600)
    const home = join(folder.path, 'certbot-refused')
    const { code, stderr } = await runCommand(
      'certbot',
      [
        ...[
          'certonly',
          '--server',
          acme.directory,
          '--agree-tos',
          '--register-unsafely-without-email',
          '--non-interactive',
          '-d',
          'acme.test',
        ],
        ...['--config-dir', home, '--work-dir', join(home, 'work'), '--logs-dir', join(home, 'logs')],
        ...['--dns-rfc2136', '--dns-rfc2136-credentials', credentials, '--dns-rfc2136-propagation-seconds', '0'],
      ],
      { REQUESTS_CA_BUNDLE: acme.caPath },
    )
    assert.equal(code, 1)
    assert.match(stderr, /Received response from server: REFUSED/)
    assert.match(await dig('_acme-challenge.acme.test', 'TXT'), /status: NXDOMAIN/)
  })
})

/** A record as external-dns sees it in a transfer. */
type ListedRecord = { readonly name: string; readonly type: string; readonly ttl: number; readonly data: string }
/** What it wants to be there: one name and type. */
type Endpoint = { readonly name: string; readonly type: string; readonly ttl: number; readonly targets: readonly string[] }

describe('external-dns', () => {
  let script: ChildProcess
  let lines: AsyncIterator<string>
  let said = ''

  before(() => {
    const path = join(import.meta.dirname, '../support/dnspython/external_dns.py')
    script = spawn('/usr/bin/python3', [path, String(product.dnsPort), 'k8s.test', 'clients.', CLIENTS_SECRET, 'hmac-sha256'])
    script.stderr!.on('data', (data) => {
      said += data
    })
    lines = createInterface({ input: script.stdout! })[Symbol.asyncIterator]()
  })
  after(() => script?.stdin?.end())

  async function step<T>(request: object): Promise<T> {
    script.stdin!.write(`${JSON.stringify(request)}\n`)
    const { value, done } = await lines.next()
    if (done === true) throw new Error(`the script ended: ${said}`)
    return JSON.parse(value) as T
  }

  async function list(): Promise<string[]> {
    const { records, signed } = await step<{ records: ListedRecord[]; signed: boolean }>({ list: true })
    assert.ok(signed, 'every message of the transfer')
    const handled = records.filter(({ type }) => ['A', 'AAAA', 'CNAME', 'TXT', 'NS'].includes(type))
    return handled.map(({ name, type, ttl, data }) => `${name} ${ttl} ${type} ${data}`).sort()
  }

  async function change(changes: Readonly<Record<string, readonly Endpoint[]>>, batch: number): Promise<string[]> {
    const { answers } = await step<{ answers: { rcode: string; signed: boolean; by: string }[] }>({ changes, batch })
    for (const { signed } of answers) assert.ok(signed)
    return answers.map(({ rcode, by }) => `${by} ${rcode}`)
  }

  /** The records of its TXT registry beside an endpoint, in the old and the new form. */
  const owned = (endpoint: Endpoint): Endpoint[] => {
    const text = `"heritage=external-dns,external-dns/owner=cluster-1,external-dns/resource=ingress/default/${endpoint.name.split('.')[0]}"`
    const registry = (name: string): Endpoint => ({ name, type: 'TXT', ttl: 0, targets: [text] })
    return [endpoint, registry(endpoint.name), registry(`${endpoint.type.toLowerCase()}-${endpoint.name}`)]
  }

  test('list, create, change addresses and TTL, delete: what a reconciliation sends, and nothing else changes', {
    timeout: 120_000,
  }, async () => {
    const start = await list()
    assert.deepEqual(start, ['by-hand.k8s.test. 300 A 192.0.2.9', 'k8s.test. 300 NS ns1.k8s.test.', 'ns1.k8s.test. 300 A 127.0.0.1'])

    const web: Endpoint = { name: 'web.k8s.test', type: 'A', ttl: 60, targets: ['192.0.2.10', '192.0.2.11'] }
    const api: Endpoint = { name: 'api.k8s.test', type: 'AAAA', ttl: 0, targets: ['2001:db8::10'] }
    const wild: Endpoint = { name: '*.apps.k8s.test', type: 'A', ttl: 300, targets: ['192.0.2.12'] }
    // A CNAME has no TXT at its own name, only the new form of the registry.
    const alias: Endpoint = { name: 'shop.k8s.test', type: 'CNAME', ttl: 60, targets: ['web.k8s.test'] }
    const create = [...owned(web), ...owned(api), ...owned(wild), alias, owned(alias)[2]!]
    assert.deepEqual(await change({ create }, 3), ['udp NOERROR', 'udp NOERROR', 'udp NOERROR', 'udp NOERROR'])
    assert.deepEqual(await short('web.k8s.test', 'A'), ['192.0.2.10', '192.0.2.11'])
    assert.deepEqual(await short('shop.k8s.test', 'A'), ['192.0.2.10', '192.0.2.11', 'web.k8s.test.'])
    assert.deepEqual(await short('x.apps.k8s.test', 'A'), ['192.0.2.12'])
    assert.match((await short('a-web.k8s.test', 'TXT')).join(), /^"heritage=external-dns,external-dns\/owner=cluster-1,/)
    assert.equal((await list()).length, start.length + 2 + 2 + 3 + 3 + 2)

    // The next reconciliation: other addresses, then another TTL; removed and added in one message.
    const moved: Endpoint = { ...web, targets: ['192.0.2.11', '192.0.2.13'] }
    const slower: Endpoint = { ...moved, ttl: 120 }
    assert.deepEqual(await change({ updateOld: [web], updateNew: [moved] }, 50), ['udp NOERROR'])
    assert.deepEqual(await short('web.k8s.test', 'A'), ['192.0.2.11', '192.0.2.13'])
    assert.deepEqual(await change({ updateOld: [moved], updateNew: [slower] }, 50), ['udp NOERROR'])
    assert.deepEqual(
      (await list()).filter((line) => line.startsWith('web.k8s.test. ') && line.includes(' A ')),
      ['web.k8s.test. 120 A 192.0.2.11', 'web.k8s.test. 120 A 192.0.2.13'],
    )

    // Deleted exactly; a value that is not there is no error (RFC 2136 §3.4.2.4).
    const others = create.filter((endpoint) => endpoint !== web)
    assert.deepEqual(await change({ delete: [...others, slower, { ...web, targets: ['192.0.2.200'] }] }, 50), ['tcp NOERROR'])
    assert.deepEqual(await list(), start)
  })

  test('a batch larger than 512 octets goes over TCP; one that is refused leaves nothing of itself', { timeout: 120_000 }, async () => {
    const many = Array.from(
      { length: 100 },
      (_, i): Endpoint => ({ name: `host-${i}.k8s.test`, type: 'A', ttl: 60, targets: [`192.0.2.${i}`] }),
    )
    assert.deepEqual(await change({ create: many.flatMap(owned) }, 1000), ['tcp NOERROR'])
    assert.deepEqual(await short('host-99.k8s.test', 'A'), ['192.0.2.99'])
    assert.equal((await list()).length, 3 + 300)
    const outside: Endpoint = { name: 'x.elsewhere.test', type: 'A', ttl: 60, targets: ['192.0.2.1'] }
    assert.deepEqual(await change({ create: [{ ...outside, name: 'y.k8s.test' }, outside] }, 50), ['udp NOTZONE'])
    assert.deepEqual(await short('y.k8s.test', 'A'), [])
    assert.deepEqual(
      await change({ delete: many.flatMap(owned) }, 40),
      Array.from({ length: 8 }, () => 'tcp NOERROR'),
    )
    assert.equal((await list()).length, 3)
  })
})

test('dnsperf in update mode: 300 signed updates, 20 under way at a time, none is lost', { timeout: 120_000 }, async (t) => {
  const updates = Array.from({ length: 300 }, (_, i) => `k8s.test\nadd perf-${i % 100} 60 A 192.0.2.${i % 200}\nsend\n`)
  const path = folder.write('updates', updates.join(''))
  const { code, stdout, stderr } = await runCommand('dnsperf', [
    ...['-s', '127.0.0.1', '-p', String(product.dnsPort), '-d', path, '-n', '1', '-u', '-q', '20', '-t', '20'],
    ...['-y', `hmac-sha256:clients:${CLIENTS_SECRET}`],
  ])
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /Updates completed:\s+300 /, stdout)
  assert.match(stdout, /Response codes:\s+NOERROR 300 /, stdout)
  assert.deepEqual(await short('perf-99.k8s.test', 'A'), ['192.0.2.199', '192.0.2.99'])
  t.diagnostic(`${/Updates per second:\s+(\d+)/.exec(stdout)?.[1]} updates a second`)
})
