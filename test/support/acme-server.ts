/** Starts Debian's pebble, the ACME server (RFC 8555) for tests, which checks dns-01 by asking the given DNS server. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, until } from './product.ts'

/** A running ACME server. */
export type AcmeServer = {
  /** Address of its directory. */
  readonly directory: string
  /** PEM of its own certificate, which clients must trust. */
  readonly caPath: string
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** Starts it with its files in `folder`; `dnsServer` is `ADDRESS:PORT`. */
export async function startAcmeServer(folder: string, dnsServer: string): Promise<AcmeServer> {
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const caPath = join(folder, 'acme.pem')
  const keyPath = join(folder, 'acme.key')
  const made = spawnSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', keyPath, '-out', caPath, '-days', '2', '-subj', '/CN=localhost'],
      ...['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
    ],
    { encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(made.stderr)
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${await freePort()}`,
      certificate: caPath,
      privateKey: keyPath,
      httpPort: 5002,
      tlsPort: 5001,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    },
  }
  const configPath = join(folder, 'pebble.json')
  writeFileSync(configPath, JSON.stringify(config))
  const child = spawn('pebble', ['-config', configPath, '-strict', '-dnsserver', dnsServer], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Without the waits and refusals that it has to try clients with.
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_AUTHZREUSE: '0' },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      said += data
    })
  await until('pebble listens', 20_000, () => {
    if (child.exitCode !== null) throw new Error(`pebble ended with ${child.exitCode}: ${said}`)
    return /Listening on/.test(said)
  })
  return {
    directory: `https://localhost:${port}/dir`,
    caPath,
    output: () => said,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.kill('SIGTERM')) await ended
    },
  }
}
