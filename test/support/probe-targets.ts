/** Servers and programs on this machine that probe kinds are tried on: a good one of each kind, and what they were asked. Shell. */

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttp2Server, createSecureServer, type ServerHttp2Stream } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { decode, encode, type Packet } from 'dns-packet'
import type { ProbeSpec } from '../../health/model/rank-plan.ts'
import type { ProbeWorld } from '../../health/probe/run-probe.ts'
import { EDGE_EXAMPLE } from './edge-example-certificate.ts'

/** A target that was opened, what a probe of it must say, and how often it was asked. */
export type ProbeTargetSubject = {
  readonly spec: Partial<ProbeSpec>
  readonly world: Partial<ProbeWorld>
  readonly asked: () => number
}

/** Listens on a port of loopback until the file ends; gives the port. */
export async function openServer(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  server.on('error', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** A port of loopback on which nothing listens, neither TCP nor UDP. */
export async function closedPort(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const socket = createSocket('udp4')
    const isFree = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false))
      socket.bind(port, '127.0.0.1', () => resolve(true))
    })
    socket.close()
    await new Promise((resolve) => server.close(resolve))
    if (isFree) return port
  }
}

/** A server of HTTP of the version that the probe speaks. */
export function httpServer({ kind, httpVersion }: Pick<ProbeSpec, 'kind' | 'httpVersion'>, listener: RequestListener): Server {
  if (httpVersion === '2') {
    const server = kind === 'https' ? createSecureServer(EDGE_EXAMPLE) : createHttp2Server()
    server.on('request', listener as never)
    server.on('sessionError', () => undefined)
    return server as Server
  }
  return kind === 'https' ? createHttpsServer(EDGE_EXAMPLE, listener) : createHttpServer(listener)
}

/** Answers of a DNS server to a question, over UDP or TCP; undefined = silence. */
export type DnsBehaviour = (query: Packet, isTcp: boolean) => Packet | Buffer | undefined

/** A DNS server on one port of UDP and TCP. */
export async function openDns(behaviour: DnsBehaviour): Promise<{ readonly port: number; readonly asked: () => number }> {
  let asked = 0
  const reply = (message: Buffer, isTcp: boolean): Buffer | undefined => {
    asked++
    const answer = behaviour(decode(message), isTcp)
    return answer === undefined || Buffer.isBuffer(answer) ? answer : encode(answer)
  }
  for (;;) {
    const server = createServer((socket) => {
      socket.on('data', (chunk) => {
        const answer = reply(chunk.subarray(2), true)
        if (answer === undefined) return
        const length = Buffer.alloc(2)
        length.writeUInt16BE(answer.length)
        // In two pieces, as TCP may deliver it.
        socket.write(Buffer.concat([length, answer.subarray(0, 5)]))
        setImmediate(() => socket.write(answer.subarray(5)))
      })
    })
    const port = await openServer(server)
    const udp = createSocket('udp4', (message, { port: from, address }) => {
      const answer = reply(message, false)
      if (answer !== undefined) udp.send(answer, from, address)
    })
    const isBound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false))
      udp.bind(port, '127.0.0.1', () => resolve(true))
    })
    if (!isBound) continue
    after(() => udp.close())
    return { port, asked: () => asked }
  }
}

/** The answer to a query, without records unless given. */
export function dnsAnswer(query: Packet, given: Partial<Packet> & { readonly rcode?: number } = {}): Packet {
  const { rcode = 0, flags = 0, ...rest } = given
  return { type: 'response', id: query.id!, questions: query.questions!, flags: flags | rcode, ...rest }
}

/** An answer of a gRPC server. */
export type GrpcBehaviour = {
  readonly status?: number
  /** Message in its frame. */
  readonly body?: Buffer
  readonly trailers?: Readonly<Record<string, string>>
  /** What was asked: path and message in its frame. */
  readonly onAsked?: (path: string, body: Buffer) => void
}

/** SERVING, in its frame. */
export const GRPC_SERVING: Buffer = Buffer.from([0, 0, 0, 0, 2, 0x08, 0x01])

/** A server of gRPC health over clear text or TLS. */
export function grpcServer(behaviour: GrpcBehaviour = {}, isTls: boolean = false): Server {
  const { status = 200, body = GRPC_SERVING, trailers = { 'grpc-status': '0' }, onAsked } = behaviour
  const server = isTls ? createSecureServer(EDGE_EXAMPLE) : createHttp2Server()
  server.on('sessionError', () => undefined)
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    const chunks: Buffer[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      onAsked?.(String(headers[':path']), Buffer.concat(chunks))
      stream.respond({ ':status': status, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.once('wantTrailers', () => stream.sendTrailers(trailers))
      stream.end(body)
    })
  })
  return server as Server
}

/** A folder for programs, removed when the file ends. */
export function programFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'probe-programs-'))
  after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Writes a shell script there; gives its path. */
export function writeProgram(folder: string, name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`)
  chmodSync(path, 0o755)
  return path
}

/** How many lines a program has written to a file. */
export function lineCount(path: string): number {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').length - 1 : 0
}

/** A target that the kind takes for well. */
export async function goodTarget(kind: ProbeSpec['kind']): Promise<ProbeTargetSubject> {
  const counted = async (server: Server, spec: Partial<ProbeSpec>): Promise<ProbeTargetSubject> => {
    let asked = 0
    server.on('connection', () => asked++)
    return { spec: { kind, port: await openServer(server), ...spec }, world: {}, asked: () => asked }
  }
  switch (kind) {
    case 'tcp':
      return counted(
        createServer((socket) => socket.end()),
        {},
      )
    case 'tls':
      return counted(createTlsServer(EDGE_EXAMPLE), { certificate: 'ignore' })
    case 'grpc':
      return counted(grpcServer(), {})
    case 'http':
    case 'https':
      return counted(
        httpServer({ kind }, (_request, response) => response.end('all is well')),
        { certificate: 'ignore' },
      )
    case 'dns': {
      const { port, asked } = await openDns((query) =>
        dnsAnswer(query, { answers: [{ type: 'A', name: 'edge.example', ttl: 5, data: '192.0.2.1' }] }),
      )
      return { spec: { kind, port, queryName: 'edge.example.', expectAnswer: ['192.0.2.1'] }, world: {}, asked }
    }
    case 'icmp': {
      const folder = programFolder()
      const log = join(folder, 'log')
      const text = `printf "%s\\n" "$*" >> ${log}\necho "64 bytes from 127.0.0.1: icmp_seq=1 ttl=64 time=0.043 ms"`
      return { spec: { kind, port: 0 }, world: { ping: writeProgram(folder, 'ping', text) }, asked: () => lineCount(log) }
    }
    case 'script': {
      const folder = programFolder()
      const log = join(programFolder(), 'log')
      writeProgram(folder, 'check-edge', `echo "$1" >> ${log}\necho fine`)
      return { spec: { kind, port: 0, script: 'check-edge' }, world: { scriptFolder: folder }, asked: () => lineCount(log) }
    }
    case 'push':
      return { spec: { kind, port: 0 }, world: { reportAgeMs: () => 1000 }, asked: () => 0 }
  }
}
