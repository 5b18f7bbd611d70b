/**
 * Other people's clients on the whole product: dig, kdig, drill and delv over every transport and option; dnspython and ldns as second
 * decoders of every record type; BIND's and ldns's zone tools on our AXFR; dnsperf, which must lose nothing.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { findType } from '../../resolver/wire/registry.ts'
import { CLIENTS_SECRET, runCommand, STEERED, STEERED_ELSE, startClientsProduct, TYPE_ROWS } from '../support/clients-product.ts'
import { EDGE_EXAMPLE } from '../support/edge-example-certificate.ts'
import { freePort, type Product } from '../support/product.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder()
const caPath = folder.write('chain.pem', EDGE_EXAMPLE.cert)
const keyPath = folder.write('key.pem', EDGE_EXAMPLE.key)
/** Debian's own, which has the module dnspython. */
const PYTHON = '/usr/bin/python3'

let product: Product
let dotPort = 0
let dohPort = 0

before(async () => {
  dotPort = await freePort()
  dohPort = await freePort()
  makeSignedZone()
  product = await startClientsProduct(
    folder.path,
    [
      ...['--dot-listen', `127.0.0.1:${dotPort}`, '--doh-listen', `127.0.0.1:${dohPort}`, '--identity', 'node-1.example'],
      ...['--tls-cert', caPath, '--tls-key', keyPath],
    ],
    `  - name: signed.test.
    file: signed.test.zone
    serial: keep
    allowTransfer: [{tsigKey: clients.}]
`,
  )
})
after(() => product?.stop())

/** A zone signed by ldns with a ZONEMD over it (RFC 8976): whoever loses or changes one record on the way is found out. */
function makeSignedZone(): void {
  const options = { cwd: folder.path, encoding: 'utf8' } as const
  const made = spawnSync('ldns-keygen', ['-a', 'ECDSAP256SHA256', '-r', '/dev/urandom', '-k', 'signed.test'], options)
  assert.equal(made.status, 0, made.stderr)
  const lines = [
    '@ SOA ns1 hostmaster 7 3600 600 86400 60',
    '@ NS ns1',
    'ns1 A 127.0.0.1',
    '*.w TXT "any"',
    'a.b.c MX 10 ns1',
    'sub NS ns1',
  ]
  folder.write('plain.zone', `$ORIGIN signed.test.\n$TTL 300\n${lines.join('\n')}\n`)
  const signed = spawnSync('ldns-signzone', ['-z', '1:1', '-f', 'signed.test.zone', 'plain.zone', made.stdout.trim()], options)
  assert.equal(signed.status, 0, signed.stderr)
}

/** Runs it; fails with all it said unless it ends well. */
async function run(command: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(command, words)
  assert.equal(code, 0, `${command} ${words.join(' ')}\n${stdout}${stderr}`)
  return stdout
}

const dig = (...words: string[]): Promise<string> => run('dig', '@127.0.0.1', '-p', String(product.dnsPort), '+tries=2', '+norec', ...words)
const kdig = (port: number, ...words: string[]): Promise<string> =>
  run(
    'kdig',
    '@127.0.0.1',
    '-p',
    String(port),
    '+norec',
    ...(port === product.dnsPort ? [] : [`+tls-ca=${caPath}`, '+tls-hostname=edge.example']),
    ...words,
  )
const drill = (...words: string[]): Promise<string> =>
  run('drill', '-p', String(product.dnsPort), '-o', 'rd', ...words.slice(1), '@127.0.0.1', ...words[0]!.split(' '))

/** Nothing that a client prints when a reply is not as it should be. */
const COMPLAINT = /bad packet|malformed|WARNING|mismatch|unexpected|FORMERR|trailing/i

/** Question, then what the answer section must hold, or the rcode and flags. */
const QUESTIONS: readonly (readonly [question: string, expected: RegExp])[] = [
  ['mail.example.com A', /mail\.example\.com\.\s+300\s+IN\s+A\s+192\.0\.2\.25/],
  ['MaIl.ExAmPlE.cOm A', /192\.0\.2\.25/],
  ['www.example.com A', /CNAME\s+mail\.example\.com\.\n[^;]*192\.0\.2\.25/],
  ['x.d.example.com A', /DNAME\s+other\.example\.com\.[^;]*CNAME\s+x\.other\.example\.com\.[^;]*192\.0\.2\.26/],
  ['sub.example.com A', /sub\.example\.com\.\s+300\s+IN\s+NS\s+ns\.sub\.example\.com\.[\s\S]*192\.0\.2\.27/],
  ['sub.example.com DS', /60485 5 1/],
  ['x.y.wild.example.com TXT', /x\.y\.wild\.example\.com\.\s+300\s+IN\s+TXT\s+"any"/],
  ['b.c.example.com TXT', /NOERROR[\s\S]*example\.com\.\s+60\s+IN\s+SOA/],
  ['none.example.com A', /NXDOMAIN[\s\S]*example\.com\.\s+60\s+IN\s+SOA/],
  ['example.com MX', /10 mail\.example\.com\./],
  ['long.example.com TXT', /"text 99 x+"/],
  ['edge.steer.test A', new RegExp(STEERED_ELSE.replaceAll('.', '\\.'))],
  ['www.steer.test A', /CNAME\s+edge\.steer\.test\.\n[^;]*192\.0\.2\.100/],
  ['under.steer.test NS', /NOERROR[\s\S]*steer\.test\.\s+60\s+IN\s+SOA/],
  ['www.elsewhere.test A', /REFUSED/],
]

describe('questions', () => {
  const transports: readonly (readonly [name: string, ask: (question: string) => Promise<string>])[] = [
    ['dig', (question) => dig(...question.split(' '))],
    ['dig +noedns +cookie', (question) => dig('+cookie', '+bufsize=4096', ...question.split(' '))],
    ['dig +noedns', (question) => dig('+noedns', ...question.split(' '))],
    ['dig +dnssec', (question) => dig('+dnssec', ...question.split(' '))],
    ['dig +tcp', (question) => dig('+tcp', ...question.split(' '))],
    ['dig +tls', (question) => run('dig', '@127.0.0.1', '-p', String(dotPort), '+norec', '+tls', ...question.split(' '))],
    ['dig +https', (question) => run('dig', '@127.0.0.1', '-p', String(dohPort), '+norec', '+https', ...question.split(' '))],
    ['kdig', (question) => kdig(product.dnsPort, ...question.split(' '))],
    ['kdig +tcp', (question) => kdig(product.dnsPort, '+tcp', ...question.split(' '))],
    ['kdig +tls +padding', (question) => kdig(dotPort, '+tls', '+padding', ...question.split(' '))],
    ['kdig +https', (question) => kdig(dohPort, '+https', ...question.split(' '))],
    ['kdig +https-get', (question) => kdig(dohPort, '+https', '+https-get', ...question.split(' '))],
    ['drill', (question) => drill(question)],
    ['drill -D', (question) => drill(question, '-D')],
    ['drill -t', (question) => drill(question, '-t')],
  ]
  for (const [name, ask] of transports)
    test(name, { timeout: 120_000 }, async () => {
      for (const [question, expected] of QUESTIONS) {
        const text = await ask(question)
        // drill leaves asking again over TCP to its user.
        if (/^drill( -D)?$/.test(name) && question.startsWith('long.')) {
          assert.match(text, /flags: qr aa tc ;/)
          continue
        }
        assert.match(text, expected, `${name} ${question}`)
        assert.doesNotMatch(text, COMPLAINT, `${name} ${question}`)
        // dig and kdig ask again over TCP by themselves.
        if (question.startsWith('long.')) assert.equal(text.match(/"text \d+ x+"/g)?.length, 100, `${name} ${question}`)
      }
    })

  test('delv without validation', { timeout: 60_000 }, async () => {
    const delv = async (...words: string[]): Promise<string> => {
      const { stdout, stderr } = await runCommand('delv', ['@127.0.0.1', '-p', String(product.dnsPort), '-i', ...words])
      return stdout + stderr
    }
    assert.match(await delv('edge.steer.test', 'A'), /192\.0\.2\.100/)
    assert.match(await delv('www.example.com', 'A'), /CNAME\s+mail\.example\.com\.[\s\S]*192\.0\.2\.25/)
    assert.match(await delv('+tcp', 'long.example.com', 'TXT'), /"text 99 x+"/)
    assert.match(await delv('x.example.com', 'A'), /ncache nxdomain/)
    assert.match(await delv('example.com', 'CAA'), /ncache nxrrset/)
  })
})

describe('EDNS', () => {
  for (const [prefix, address] of STEERED.filter(([prefix]) => !prefix.startsWith('127.')))
    test(`dig and kdig +subnet=${prefix}: the steered address, a scope that is not wider`, async () => {
      const length = prefix.split('/')[1]!
      for (const text of [
        await dig(`+subnet=${prefix}`, 'edge.steer.test'),
        await kdig(product.dnsPort, `+subnet=${prefix}`, 'edge.steer.test'),
      ]) {
        assert.match(text, new RegExp(`IN\\s+A\\s+${address.replaceAll('.', '\\.')}\n`))
        assert.match(text, new RegExp(`CLIENT-SUBNET: ${prefix.split('/')[0]}/${length}/${length}`))
      }
    })

  test('NSID, identity, cookies, padding, keepalive, DO, an option nobody knows, EDNS version 1', { timeout: 60_000 }, async () => {
    assert.match(await dig('+nsid', 'edge.steer.test'), /NSID: [^\n]*"node-1\.example"/)
    assert.match(await kdig(product.dnsPort, '+nsid', 'edge.steer.test'), /NSID: \w+ "node-1\.example"/)
    assert.match(await dig('CH', 'TXT', 'id.server', '+short'), /"node-1\.example"/)
    const first = await kdig(product.dnsPort, '+cookie=0123456789abcdef', 'edge.steer.test')
    const cookie = /COOKIE: ([0-9A-F]{48})/.exec(first)![1]!
    assert.match(await kdig(product.dnsPort, `+cookie=${cookie}`, 'edge.steer.test'), new RegExp(`COOKIE: ${cookie}`))
    assert.match(await dig('edge.steer.test'), /COOKIE: [0-9a-f]{48} \(good\)/)
    assert.match(await kdig(dotPort, '+tls', '+padding', 'edge.steer.test'), /Received 468 B/)
    assert.doesNotMatch(await kdig(product.dnsPort, '+padding', 'edge.steer.test'), /PADDING/, 'in clear there is nothing to hide')
    assert.match(await kdig(product.dnsPort, '+tcp', '+ednsopt=11:', 'edge.steer.test'), /\(11\)|KEEPALIVE/)
    assert.match(await dig('+dnssec', 'edge.steer.test'), /flags: do;/)
    assert.doesNotMatch(await dig('+ednsopt=65001:abcd', 'edge.steer.test'), /OPT=65001/)
    assert.match(await dig('+edns=1', '+noednsneg', 'edge.steer.test'), /status: BADVERS/)
    assert.match(await dig('+header-only'), /status: FORMERR|status: NOERROR/)
    assert.match(await dig('+opcode=status', 'edge.steer.test'), /status: NOTIMP/)
  })

  test('kdig +tcp +keepopen and dig with several questions: one connection', { timeout: 60_000 }, async () => {
    const names = ['mail.example.com', 'www.example.com', 'edge.steer.test', 'none.example.com']
    assert.equal((await kdig(product.dnsPort, '+tcp', '+keepopen', ...names)).match(/^;; ->>HEADER/gm)?.length, 4)
    assert.equal((await dig('+tcp', '+keepopen', ...names)).match(/^;; ->>HEADER/gm)?.length, 4)
  })
})

describe('second decoders', () => {
  test('dnspython decodes every type to the same octets', { timeout: 120_000 }, () => {
    const input = TYPE_ROWS.map(({ owner, type, wire }) => `${owner} ${findType(type)} ${wire}`).join('\n')
    const script = join(import.meta.dirname, '../support/dnspython/decode_types.py')
    const { status, stdout, stderr } = spawnSync(PYTHON, [script, String(product.dnsPort)], { input: `${input}\n`, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.equal(stdout, `${TYPE_ROWS.length} records\n`)
  })

  test('dig, kdig and drill show each type with an answer', { timeout: 240_000 }, async () => {
    for (const { owner, type } of TYPE_ROWS) {
      const number = `TYPE${findType(type)}`
      for (const text of [
        await dig('+tcp', owner, number),
        await kdig(product.dnsPort, '+tcp', owner, number),
        await drill(`${owner} ${number}`, '-t'),
      ]) {
        assert.match(text, /ANSWER: 1/, `${owner} ${type}\n${text}`)
        assert.doesNotMatch(text, COMPLAINT, `${owner} ${type}`)
      }
    }
  })
})

describe('transfers to tools', () => {
  /** The zone as BIND writes it, sorted, whatever program fetched it. */
  async function canonical(zone: string, text: string): Promise<string[]> {
    const path = folder.write('transferred.zone', text.replaceAll(/^(?:;|clients\.).*\n/gm, ''))
    const out = `${path}.out`
    await run('named-compilezone', '-q', '-i', 'none', '-k', 'ignore', '-s', 'full', '-o', out, zone, path)
    return readFileSync(out, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(';'))
      .sort()
  }

  test('dig, kdig and drill AXFR a zone of all types: the same zone to named-compilezone and ldns-read-zone', {
    timeout: 120_000,
  }, async () => {
    const transfers = {
      dig: await dig('example.com', 'AXFR', '+onesoa'),
      'dig +unknownformat': await dig('example.com', 'AXFR', '+onesoa', '+unknownformat'),
      kdig: await kdig(product.dnsPort, 'example.com', 'AXFR'),
      'dig +tls': await run('dig', '@127.0.0.1', '-p', String(dotPort), '+tls', 'example.com', 'AXFR', '+onesoa', '+unknownformat'),
      'kdig +tls': await kdig(dotPort, '+tls', 'example.com', 'AXFR'),
      drill: await drill('AXFR example.com'),
    }
    const expected = await canonical('example.com', transfers.dig)
    assert.ok(expected.length > TYPE_ROWS.length + 100, `${expected.length} lines`)
    for (const [name, text] of Object.entries(transfers)) {
      // drill loses the escapes of commas inside values of alpn.
      const spared = (line: string): boolean => name === 'drill' && / SVCB\t.* alpn="f/.test(line)
      const lines = (await canonical('example.com', text)).filter((line) => !spared(line))
      assert.deepEqual(
        lines,
        expected.filter((line) => !spared(line)),
        name,
      )
      // ldns cannot read BIND's words for some types that it does not know itself.
      if (name === 'dig') continue
      const path = folder.write('for-ldns.zone', text.replaceAll(/^;.*\n/gm, ''))
      assert.equal((await run('ldns-read-zone', '-z', path)).trim().split('\n').length, expected.length, name)
    }
  })

  test('named-checkzone, ldns-read-zone and kzonecheck find nothing wrong with a zone of steered names', { timeout: 60_000 }, async () => {
    const path = folder.write('steer.zone', (await dig('steer.test', 'AXFR', '+onesoa')).replaceAll(/^;.*\n/gm, ''))
    assert.match(await run('named-checkzone', 'steer.test', path), /OK/)
    assert.match(await run('ldns-read-zone', '-z', path), /edge\.steer\.test\.\s+300\s+IN\s+A\s+192\.0\.2\.100/)
    await run('kzonecheck', '-o', 'steer.test', path)
    assert.equal((await run('drill', '-p', String(product.dnsPort), '@127.0.0.1', 'AXFR', 'steer.test')).match(/\sSOA\s/g)?.length, 2)
  })

  test('ldns-verify-zone: digest (ZONEMD) and signatures hold after AXFR by each client', { timeout: 60_000 }, async () => {
    const key = `hmac-sha256:clients:${CLIENTS_SECRET}`
    const transfers = {
      dig: await dig('signed.test', 'AXFR', '+onesoa', '-y', key),
      kdig: await kdig(product.dnsPort, 'signed.test', 'AXFR', '-y', key),
    }
    for (const [name, text] of Object.entries(transfers)) {
      const path = folder.write('verify.zone', text.replaceAll(/^(?:;|clients\.).*\n/gm, ''))
      const { code, stdout, stderr } = await runCommand('ldns-verify-zone', ['-ZZ', path])
      assert.equal(code, 0, `${name}: ${stdout}${stderr}\n${text}`)
      await run('named-checkzone', '-i', 'none', 'signed.test', path)
    }
    assert.match(await dig('signed.test', 'AXFR'), /Transfer failed/)
    const overHttps = await run('dig', '@127.0.0.1', '-p', String(dohPort), '+https', 'example.com', 'AXFR')
    assert.match(overHttps, /Transfer failed/, 'not over HTTPS')
  })
})

describe('dnsperf', () => {
  const queries = folder.write(
    'queries',
    `${QUESTIONS.map(([question]) => question).join('\n')}\n${TYPE_ROWS.map(({ owner, type }) => `${owner} TYPE${findType(type)}`).join('\n')}\n`,
  )
  for (const [mode, words] of [
    ['udp', []],
    ['udp with EDNS and DO', ['-e', '-D']],
    ['tcp', ['-m', 'tcp']],
    ['dot', ['-m', 'dot']],
    ['doh', ['-m', 'doh']],
    ['doh by POST', ['-m', 'doh', '-O', 'doh-method=POST']],
  ] as const)
    test(`${mode}: no query is lost`, { timeout: 120_000 }, async (t) => {
      // dnsperf ends with an error when two replies of one HTTP/2 connection come in one read: one query a connection at a time.
      const doh = mode.startsWith('doh')
      // Its HEADERS and DATA of a POST are two writes, and the second waits for the delayed acknowledgement of the first: 40 ms a query.
      const runs = mode === 'doh by POST' ? 1 : doh ? 5 : 20
      const port = doh ? dohPort : mode === 'dot' ? dotPort : product.dnsPort
      const url = doh ? ['-O', `doh-uri=https://edge.example:${dohPort}/dns-query`] : []
      const text = await run(
        'dnsperf',
        '-s',
        '127.0.0.1',
        '-p',
        String(port),
        '-d',
        queries,
        '-n',
        String(runs),
        ...['-c', doh ? '1' : '8', '-q', doh ? '1' : '40'],
        '-t',
        '10',
        ...words,
        ...url,
      )
      const sent = Number(/Queries sent:\s+(\d+)/.exec(text)![1])
      assert.equal(sent, runs * (QUESTIONS.length + TYPE_ROWS.length), text)
      assert.match(text, new RegExp(`Queries completed:\\s+${sent} `), text)
      assert.match(text, /Queries lost:\s+0 /, text)
      assert.match(text, new RegExp(`Response codes:\\s+NOERROR \\d+ .*NXDOMAIN ${runs} `), text)
      t.diagnostic(`${sent} queries, ${/Queries per second:\s+(\d+)/.exec(text)![1]} a second`)
    })
})
