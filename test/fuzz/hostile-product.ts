/**
 * The whole product (`nearcast up`) with zones that make answering hard, a zone that may be updated and transferred with a key, and a
 * secondary zone whose primary is hostile: it answers with transfers that are spoiled. For the socket fuzzer.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeTsigKey } from '../../resolver/wire/tsig.ts'
import { EDGE_EXAMPLE } from '../support/edge-example-certificate.ts'
import type { HostileTargets, Signing } from '../support/hostile-messages.ts'
import { type Draw, mutatePacket } from '../support/hostile-packets.ts'
import { HOSTILE_ZONES } from '../support/hostile-zones.ts'
import { freePort, type Product, startProduct, until } from '../support/product.ts'
import { drawTransferAnswer } from './transfer-answers.ts'

/** A server to send hostile messages to. */
export type FuzzTarget = {
  readonly host: string
  readonly port: number
  /** Undefined = not asked. */
  readonly dotPort: number | undefined
  readonly dohPort: number | undefined
  /** PEM of the certificate of both, for edge.example. */
  readonly ca: string
  readonly signing: Signing
  readonly zones: HostileTargets
  /** Undefined = a server of which only the answers are seen. */
  readonly product: Product | undefined
}

const secret = (octet: number): string => Buffer.alloc(32, octet).toString('base64')
/** Keys of the fuzzer. */
export const FUZZ_SIGNING: Signing = {
  known: makeTsigKey('fuzz.', 'hmac-sha256', secret(7)),
  wrong: makeTsigKey('fuzz.', 'hmac-sha256', secret(8)),
  stranger: makeTsigKey('nobody.', 'hmac-sha512', secret(9)),
  nowSeconds: () => Math.floor(Date.now() / 1000),
}
/** Zones of the fuzzer that are not static. */
export const FUZZ_ZONES: HostileTargets = { dynamic: 'dyn.test', secondary: 'sec.test' }

const KEY_RULE = '[{tsigKey: fuzz.}]'

function documentText(primaryPort: number): string {
  const files = Object.keys(HOSTILE_ZONES).map((origin, n) => `  - {name: "${origin}", file: zone-${n}, allowTransfer: ${KEY_RULE}}`)
  return `apiVersion: nearcast/v1
tsigKeys: [{name: fuzz., secretRef: fuzz}]
zones:
${files.join('\n')}
  - name: dyn.test.
    soa: {mname: ns1.dyn.test., rname: hostmaster.dyn.test.}
    nameservers: [ns1.dyn.test.]
    allowTransfer: ${KEY_RULE}
    allowUpdate: [{tsigKey: fuzz., types: [ANY]}]
    records: [{name: ns1, type: A, data: ["127.0.0.1"]}]
  - {name: sec.test., primaries: [{address: 127.0.0.1, port: ${primaryPort}}]}
endpoints: [{id: near, ipv4: 192.0.2.11, ipv6: "2001:db8::11", place: cn-3302}, {id: far, ipv4: 192.0.2.99, ipv6: "2001:db8::99"}]
pools: [{id: near, members: [{endpoint: near}]}, {id: far, members: [{endpoint: far}]}]
policies: [{id: edge, ttlSeconds: 30, rules: [{line: cn-33, pools: [near]}, {line: "*", pools: [far]}], fallback: [far]}]
names: [{name: edge.hostile.test., types: [A, AAAA], policy: edge}]
`
}

/** Answers each query on a connection with what no primary should send; every other connection with a good zone. */
async function startPrimary(draw: Draw): Promise<{ readonly server: Server; readonly port: number; readonly sent: () => number }> {
  let sent = 0
  const server = createServer((socket) => {
    socket.setTimeout(5000, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    let waiting = Buffer.alloc(0)
    socket.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk])
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const query = waiting.subarray(2, 2 + waiting.readUInt16BE(0))
        waiting = waiting.subarray(2 + query.length)
        const type = query.length < 16 ? 6 : query.readUInt16BE(12 + 'sec.test'.length + 2)
        for (const message of drawTransferAnswer(draw, 'sec.test', query.readUInt16BE(0), type)) {
          sent++
          const spoiled = type !== 6 && draw(3) === 0 ? mutatePacket(message, draw) : message
          socket.write(Buffer.concat([Uint8Array.of(spoiled.length >> 8, spoiled.length & 255), spoiled]))
        }
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as { port: number }).port, sent: () => sent }
}

/** Starts product and primary; `stop` ends both. `primarySent` counts messages of transfers into the product. */
export async function startHostileProduct(
  draw: Draw,
): Promise<{ readonly target: FuzzTarget; readonly primarySent: () => number; readonly stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'nearcast-fuzz-'))
  writeFileSync(join(folder, 'chain.pem'), EDGE_EXAMPLE.cert)
  writeFileSync(join(folder, 'key.pem'), EDGE_EXAMPLE.key)
  const [dotPort, dohPort] = [await freePort(), await freePort()]
  const primary = await startPrimary(draw)
  const product = await startProduct([
    ...['--dot-listen', `127.0.0.1:${dotPort}`, '--doh-listen', `127.0.0.1:${dohPort}`],
    ...['--tls-cert', join(folder, 'chain.pem'), '--tls-key', join(folder, 'key.pem')],
    ...['--identity', 'fuzz', '--tcp-max-connections-per-client', '10000'],
  ])
  const stop = async (): Promise<void> => {
    primary.server.close()
    await product.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    mkdirSync(join(product.stateFolder, 'secrets'), { recursive: true })
    writeFileSync(join(product.stateFolder, 'secrets', 'fuzz'), `${secret(7)}\n`)
    for (const [n, text] of Object.values(HOSTILE_ZONES).entries()) writeFileSync(join(folder, `zone-${n}`), text)
    writeFileSync(join(folder, 'nearcast.yaml'), documentText(primary.port))
    // Loops, and a secondary among the name servers, are what is to be survived.
    const accepted = ['ZONE_CNAME_LOOP', 'CONFIG_TRANSFER_NAMESERVER'].flatMap((code) => ['--accept', code])
    await product.cli('apply', join(folder, 'nearcast.yaml'), '--force', ...accepted)
    await until('it answers', 20_000, async () =>
      /nearcast_ready 1/.test(await (await fetch(`http://127.0.0.1:${product.metricsPort}/metrics`)).text()),
    )
  } catch (error) {
    await stop()
    throw error
  }
  const target = { host: '127.0.0.1', port: product.dnsPort, dotPort, dohPort, ca: EDGE_EXAMPLE.cert, product }
  return { target: { ...target, signing: FUZZ_SIGNING, zones: FUZZ_ZONES }, primarySent: primary.sent, stop }
}
