/**
 * The texts that zones were compiled from, kept in a file between reloads of `serve`: needed again only when a zone fails, and a
 * process that answers has better uses for its memory. Shell. A text that many zones include is written once.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import type { ZoneVersion } from './read-zone-folder.ts'

type Written = {
  readonly texts: readonly string[]
  /** Name, master file, and by file name the number of its text. */
  readonly zones: readonly (readonly [name: string, file: string, files: readonly (readonly [name: string, text: number])[]])[]
}

/** What zones are looked up in. */
export type ZoneVersions = Pick<ReadonlyMap<string, ZoneVersion>, 'get'>

/** Writes the versions of zones. */
export function writeZoneVersions(path: string, versions: ReadonlyMap<string, ZoneVersion>): void {
  const numberOf = new Map<string, number>()
  const textNumber = (text: string): number => {
    const known = numberOf.get(text) ?? numberOf.size
    numberOf.set(text, known)
    return known
  }
  const zones = [...versions].map(
    ([name, { file, files }]) => [name, file, [...files].map(([included, text]) => [included, textNumber(text)] as const)] as const,
  )
  const written: Written = { texts: [...numberOf.keys()], zones }
  writeFileSync(path, serialize(written), { mode: 0o600 })
}

/** The versions in a file, which is read when the first one is asked for. */
export function openZoneVersions(path: string): ZoneVersions {
  let versions: ReadonlyMap<string, ZoneVersion> | undefined
  return {
    get: (name) => {
      versions ??= readZoneVersions(path)
      return versions.get(name)
    },
  }
}

function readZoneVersions(path: string): ReadonlyMap<string, ZoneVersion> {
  const { texts, zones } = deserialize(readFileSync(path)) as Written
  return new Map(zones.map(([name, file, files]) => [name, { file, files: new Map(files.map(([key, text]) => [key, texts[text]!])) }]))
}
