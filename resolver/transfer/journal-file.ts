/**
 * The journal on disk, so that a node that was restarted still gives differences. Shell. Like every file of ours: magic, format, length,
 * SHA-256; written under a temporary name, synced, renamed, one older copy.
 *
 *   "NCJOURNL" │ u32 format │ u32 length of the JSON │ SHA-256 of what follows (32) │ JSON: zones, versions, steps │ their octets, one behind the other
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { link, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JournalContent, ZoneVersion } from './journal.ts'
import { share, type ZoneDiff } from './zone-diff.ts'

const MAGIC = 'NCJOURNL'
const FORMAT = 2
const HEAD_BYTES = 48
const PARTS = ['fromSoa', 'toSoa', 'removed', 'added'] as const

type StepHeader = {
  readonly fromSerial: number
  readonly toSerial: number
  readonly zoneBytes: number
  readonly lengths: readonly number[]
}
type ZoneHeader = { readonly zone: string; readonly version: ZoneVersion | null; readonly steps: readonly StepHeader[] }

/** Saves; rejects with the file system's error. Not to be called again before it has ended. */
export async function saveJournal(path: string, { zones, versions }: JournalContent): Promise<void> {
  const parts: Uint8Array[] = []
  const names = new Set([...zones.keys(), ...versions.keys()])
  const header: ZoneHeader[] = [...names].map((zone) => ({
    zone,
    version: versions.get(zone) ?? null,
    steps: (zones.get(zone) ?? []).map((step) => {
      parts.push(...PARTS.map((part) => step[part]))
      const { fromSerial, toSerial, zoneBytes } = step
      return { fromSerial, toSerial, zoneBytes, lengths: PARTS.map((part) => step[part].length) }
    }),
  }))
  const json = Buffer.from(JSON.stringify(header))
  const body = Buffer.concat([json, ...parts])
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, 0, 'latin1')
  head.writeUInt32LE(FORMAT, 8)
  head.writeUInt32LE(json.length, 12)
  createHash('sha256').update(body).digest().copy(head, 16)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await handle.writev([head, body])
    await handle.sync()
  } finally {
    await handle.close()
  }
  if (existsSync(path)) {
    await rm(`${path}.old`, { force: true })
    await link(path, `${path}.old`).catch(() => undefined)
  }
  await rename(`${path}.tmp`, path)
}

/** Loads the newest good copy; an empty journal and the reasons when there is none. */
export function loadJournal(path: string): JournalContent & { readonly reasons: readonly string[] } {
  const reasons: string[] = []
  for (const candidate of [path, `${path}.old`]) {
    if (!existsSync(candidate)) continue
    try {
      return { ...decode(readFileSync(candidate)), reasons }
    } catch (error) {
      reasons.push(`"${candidate}": ${(error as Error).message}`)
    }
  }
  return { zones: new Map(), versions: new Map(), reasons }
}

function decode(bytes: Buffer): JournalContent {
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC) throw new RangeError('it is no journal')
  if (bytes.readUInt32LE(8) !== FORMAT) throw new RangeError(`it has format ${bytes.readUInt32LE(8)}, this version reads ${FORMAT}`)
  const body = bytes.subarray(HEAD_BYTES)
  if (!createHash('sha256').update(body).digest().equals(bytes.subarray(16, HEAD_BYTES))) throw new RangeError('its SHA-256 is wrong')
  let at = bytes.readUInt32LE(12)
  const header = JSON.parse(body.toString('utf8', 0, at)) as ZoneHeader[]
  const zones = new Map<string, readonly ZoneDiff[]>()
  const versions = new Map<string, ZoneVersion>()
  for (const { zone, version, steps } of header) {
    if (version !== null) versions.set(zone, version)
    if (steps.length === 0) continue
    zones.set(
      zone,
      steps.map(({ fromSerial, toSerial, zoneBytes, lengths }): ZoneDiff => {
        const [fromSoa, toSoa, removed, added] = lengths.map((length) => {
          const part = share(body.subarray(at, at + length))
          at += length
          return part
        })
        return { fromSerial, toSerial, zoneBytes, fromSoa: fromSoa!, toSoa: toSoa!, removed: removed!, added: added! }
      }),
    )
  }
  return { zones, versions }
}
