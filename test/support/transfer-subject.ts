/** Snapshots for tests of transfers, from the text of a document; and what a stream of messages says, read by another decoder (dns-packet). */
import { decode } from 'dns-packet'
import type { Geodata } from '../../geodata/geodata.ts'
import { parseConfig } from '../../policy/config/parse-config.ts'
import { type CompileOutput, compileSnapshot } from '../../resolver/snapshot/compile-snapshot.ts'
import type { Snapshot } from '../../resolver/snapshot/snapshot.ts'
import type { RecordCursor } from '../../resolver/transfer/record-cursor.ts'
import type { TransferStream } from '../../resolver/transfer/transfer-stream.ts'
import { formatName, parseName } from '../../resolver/wire/name.ts'
import { formatRdata } from '../../resolver/wire/rdata/rdata-text.ts'
import { typeWord } from '../../resolver/wire/registry.ts'
import { makeSyntheticGeodata } from './synthetic-geodata.ts'

/** A zone in flow style; records as [name, type, rdata, TTL]. */
export function zoneText(
  name: string,
  serial: number,
  records: readonly (readonly [string, string, string, number?])[],
  more: string = '',
): string {
  const sets = new Map<string, { name: string; type: string; ttlSeconds: number; data: string[] }>()
  for (const [owner, type, data, ttlSeconds = 300] of records) {
    const key = `${owner} ${type}`
    const set = sets.get(key) ?? { name: owner, type, ttlSeconds, data: [] }
    if (!set.data.includes(data)) set.data.push(data)
    sets.set(key, set)
  }
  return `  - {name: ${name}, soa: {mname: Ns1.${name}, rname: h.${name}, serial: ${serial}}, serial: keep, nameservers: [ns1.${name}], records: ${JSON.stringify([...sets.values()])}${more}}\n`
}

/** Compiles a document of these zones and whatever else. */
export function snapshotOf(zones: string, more: string = '', files: ReadonlyMap<string, string> = new Map()): Snapshot {
  const { snapshot, issues } = compileText(zones, more, files)
  if (snapshot === undefined) throw new Error(JSON.stringify(issues))
  return snapshot
}

/** The same with its issues. */
export function compileText(zones: string, more: string = '', files: ReadonlyMap<string, string> = new Map()): CompileOutput {
  const parsed = parseConfig(`apiVersion: nearcast/v1\nzones:\n${zones}${more}`, files)
  if (!parsed.ok) throw new Error(parsed.issues.map((issue) => JSON.stringify(issue)).join('\n'))
  const geodata = { ...makeSyntheticGeodata([]), digest: '' } as unknown as Geodata
  const input = { config: parsed.config, documentDigest: '', geodata, serials: new Map(), moreZones: [], generation: 1 }
  return compileSnapshot(input)
}

/** Records of a cursor as text. */
export function textsOf(cursor: RecordCursor): string[] {
  const texts: string[] = []
  while (cursor.next()) {
    const owner = formatName(cursor.nameBytes.slice(cursor.nameAt, cursor.nameAt + cursor.nameLength))
    const rdata = cursor.data.slice(cursor.dataAt, cursor.dataAt + cursor.dataLength)
    texts.push(`${owner} ${cursor.ttlSeconds} ${typeWord(cursor.type)} ${formatRdata(cursor.type, rdata)}`)
  }
  return texts
}

/** All messages of a stream. */
export function messagesOf(stream: TransferStream, nowSeconds: number = 0): Uint8Array[] {
  const mem = new Uint8Array(65_535)
  const messages: Uint8Array[] = []
  for (let length = stream.next(mem, nowSeconds); length > 0; length = stream.next(mem, nowSeconds)) messages.push(mem.slice(0, length))
  return messages
}

/** Owner and type of each answer, as dns-packet reads them. */
export function answersOf(messages: readonly Uint8Array[]): string[] {
  return messages.flatMap((message) => (decode(Buffer.from(message)).answers ?? []).map((answer) => `${answer.name} ${answer.type}`))
}

/** A query for a transfer; `serial` makes it IXFR with that SOA. */
export function transferQuery(name: string, type: number, serial?: number, id: number = 7): Uint8Array {
  const wire = parseName(name)
  const soa =
    serial === undefined
      ? []
      : [
          0xc0,
          12,
          0,
          6,
          0,
          1,
          0,
          0,
          0,
          0,
          0,
          22,
          0,
          0,
          serial >>> 24,
          (serial >>> 16) & 255,
          (serial >>> 8) & 255,
          serial & 255,
          ...new Uint8Array(16),
        ]
  return Uint8Array.from([0, id, 0, 0, 0, 1, 0, 0, 0, serial === undefined ? 0 : 1, 0, 0, ...wire, type >> 8, type & 255, 0, 1, ...soa])
}
