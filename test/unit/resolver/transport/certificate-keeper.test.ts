import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, mock, type TestContext, test } from 'node:test'
import { loadCertificate } from '../../../../resolver/transport/certificate-files.ts'
import { startCertificateKeeper } from '../../../../resolver/transport/certificate-keeper.ts'
import { EDGE_EXAMPLE } from '../../../support/edge-example-certificate.ts'
import { SPARE_CERTIFICATE } from '../../../support/spare-certificate.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'

const root = temporaryFolder()

function files() {
  const folder = mkdtempSync(join(root.path, 'tls-'))
  const paths = { chainPath: join(folder, 'chain.pem'), keyPath: join(folder, 'key.pem') }
  const write = (cert: string, key: string): void => {
    writeFileSync(paths.chainPath, cert)
    writeFileSync(paths.keyPath, key)
  }
  write(EDGE_EXAMPLE.cert, EDGE_EXAMPLE.key)
  return { folder, paths, write }
}

describe('loadCertificate', () => {
  const cases: readonly [name: string, cert: string | undefined, key: string | undefined, code: string, message: RegExp][] = [
    ['no chain', undefined, EDGE_EXAMPLE.key, 'TRANSPORT_CERTIFICATE', /certificate ".*" cannot be read \(ENOENT\)/],
    ['no key', EDGE_EXAMPLE.cert, undefined, 'TRANSPORT_CERTIFICATE', /key ".*" cannot be read \(ENOENT\)/],
    ['no PEM', 'hello', EDGE_EXAMPLE.key, 'TRANSPORT_CERTIFICATE', /holds no PEM certificate/],
    ['the key as chain', EDGE_EXAMPLE.key, EDGE_EXAMPLE.key, 'TRANSPORT_CERTIFICATE', /holds no PEM certificate/],
    [
      'a damaged chain',
      EDGE_EXAMPLE.cert.replace('MIIB', 'MIIC'),
      EDGE_EXAMPLE.key,
      'TRANSPORT_CERTIFICATE',
      /is damaged \(certificate 1 of 1\)/,
    ],
    ['the chain as key', EDGE_EXAMPLE.cert, EDGE_EXAMPLE.cert, 'TRANSPORT_CERTIFICATE', /holds no PEM private key/],
    ['half a key', EDGE_EXAMPLE.cert, EDGE_EXAMPLE.key.slice(0, 100), 'TRANSPORT_CERTIFICATE', /holds no PEM private key/],
    [
      'the key of another',
      EDGE_EXAMPLE.cert,
      SPARE_CERTIFICATE.key,
      'TRANSPORT_CERTIFICATE_KEY',
      /does not belong to the first certificate/,
    ],
    [
      'the issuer first',
      SPARE_CERTIFICATE.cert + EDGE_EXAMPLE.cert,
      EDGE_EXAMPLE.key,
      'TRANSPORT_CERTIFICATE_KEY',
      /does not belong to the first certificate/,
    ],
  ]
  for (const [name, cert, key, code, message] of cases)
    test(name, () => {
      const { paths } = files()
      for (const [path, text] of [
        [paths.chainPath, cert],
        [paths.keyPath, key],
      ] as const) {
        if (text === undefined) rmSync(path)
        else writeFileSync(path, text)
      }
      assert.throws(() => loadCertificate(paths), { code, message })
    })

  test('what an operator wants to know; a chain ends with its first certificate to end', () => {
    const { paths, write } = files()
    write(EDGE_EXAMPLE.cert + SPARE_CERTIFICATE.cert, EDGE_EXAMPLE.key)
    const { names, expiresAt, fingerprint } = loadCertificate(paths)
    assert.equal(names, 'DNS:edge.example')
    assert.match(fingerprint, /^[0-9A-F:]{95}$/)
    assert.equal(new Date(expiresAt).getUTCFullYear(), 2126)
  })
})

describe('certificate keeper', () => {
  beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }))
  afterEach(() => mock.timers.reset())

  function keep(t: TestContext) {
    const made = files()
    const used: string[] = []
    const problems: string[] = []
    const keeper = startCertificateKeeper({
      paths: made.paths,
      lookMs: 1000,
      onCertificate: ({ certificate }) => used.push(certificate.keyPem === SPARE_CERTIFICATE.key ? 'spare' : 'edge'),
      onProblem: ({ code }) => problems.push(code),
    })
    t.after(() => keeper.stop())
    const look = (): void => mock.timers.tick(1000)
    return { ...made, keeper, used, problems, look }
  }

  test('a change is taken at the next look, once; equal content is none', (t) => {
    const { write, used, problems, look } = keep(t)
    look()
    write(SPARE_CERTIFICATE.cert, SPARE_CERTIFICATE.key)
    for (let n = 0; n < 3; n++) look()
    write(SPARE_CERTIFICATE.cert, SPARE_CERTIFICATE.key)
    look()
    assert.deepEqual([used, problems], [['spare'], []])
  })

  test('chain and key written one after the other are no problem', (t) => {
    const { paths, used, problems, look } = keep(t)
    writeFileSync(paths.chainPath, SPARE_CERTIFICATE.cert)
    look()
    writeFileSync(paths.keyPath, SPARE_CERTIFICATE.key)
    look()
    assert.deepEqual([used, problems], [['spare'], []])
  })

  test('what cannot be used is told once, and the one before stays; the repaired one is taken', (t) => {
    const { write, keeper, used, problems, look } = keep(t)
    write('nothing', EDGE_EXAMPLE.key)
    for (let n = 0; n < 5; n++) look()
    assert.deepEqual([used, problems], [[], ['TRANSPORT_CERTIFICATE']])
    assert.equal(keeper.current().certificate.chainPem, EDGE_EXAMPLE.cert)
    write(SPARE_CERTIFICATE.cert, SPARE_CERTIFICATE.key)
    look()
    assert.deepEqual(used, ['spare'])
  })

  test('asked to read now: no patience, and the problem is told again', (t) => {
    const { paths, keeper, problems } = keep(t)
    rmSync(paths.keyPath)
    keeper.reload()
    keeper.reload()
    assert.deepEqual(problems, ['TRANSPORT_CERTIFICATE', 'TRANSPORT_CERTIFICATE'])
  })

  test('a link that is turned elsewhere', (t) => {
    const { folder, paths, used, look } = keep(t)
    for (const [path, text] of [
      [paths.chainPath, SPARE_CERTIFICATE.cert],
      [paths.keyPath, SPARE_CERTIFICATE.key],
    ] as const) {
      const target = `${path}.2`
      writeFileSync(target, text)
      symlinkSync(target, join(folder, 'link'))
      renameSync(join(folder, 'link'), path)
    }
    look()
    assert.deepEqual(used, ['spare'])
  })
})
