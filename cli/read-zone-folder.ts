/** The zones of `serve --zones DIR` as entries of a document: DIR/zones.txt ("origin file" a line), else every *.zone. Shell. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { includesOf } from '../policy/config/includes-of.ts'
import { decodeMasterFile } from '../resolver/zone/master-file-text.ts'
import { ProductError } from './product-error.ts'

/** A zone of the folder, as an entry of a document. */
export type FolderZone = { readonly name: string; readonly file: string; readonly serial: 'keep' }

/** Zones and the files they are in, by the names used in the document. */
export type ZoneFolder = { readonly zones: readonly FolderZone[]; readonly files: ReadonlyMap<string, string> }

/** Texts of one zone: its master file and all that it includes. */
export type ZoneVersion = { readonly file: string; readonly files: ReadonlyMap<string, string> }

const LIST = 'zones.txt'

/** Reads a folder of master files. Throws SERVE_ZONES naming what is missing. */
export function readZoneFolder(folder: string): ZoneFolder {
  const zones = listZones(folder)
  const files = new Map<string, string>()
  for (const { file } of zones) readZoneVersion(folder, file, files)
  return { zones, files }
}

/** Reads the files of one zone. Texts are taken from `known` and put there, so that a file of many zones is read once. Throws SERVE_ZONES. */
export function readZoneVersion(folder: string, file: string, known: Map<string, string>): ZoneVersion {
  const files = new Map<string, string>()
  const waiting = [file]
  while (waiting.length > 0) {
    const name = waiting.pop()!
    if (files.has(name)) continue
    const text = known.get(name) ?? readBelow(folder, name)
    known.set(name, text)
    files.set(name, text)
    for (const include of includesOf(text)) waiting.push(include.file)
  }
  return { file, files }
}

/** The zones of a folder by its list, else by its files. Throws SERVE_ZONES. */
export function listZones(folder: string): readonly FolderZone[] {
  const zone = (name: string, file: string) => ({ name: name.endsWith('.') ? name : `${name}.`, file, serial: 'keep' as const })
  if (existsSync(join(folder, LIST))) {
    const lines = readBelow(folder, LIST).split('\n')
    return lines.flatMap((line, number) => {
      const [origin, file, ...more] = line
        .replace(/[#;].*$/, '')
        .trim()
        .split(/\s+/)
      if (origin === undefined || origin === '') return []
      if (file === undefined || more.length > 0) {
        throw new ProductError(
          'SERVE_ZONES',
          `line ${number + 1} of "${join(folder, LIST)}" is not "origin file"`,
          'write the name of the zone and its master file',
        )
      }
      return [zone(origin, file)]
    })
  }
  let names: string[]
  try {
    names = readdirSync(folder)
      .filter((name) => name.endsWith('.zone'))
      .sort()
  } catch (cause) {
    throw new ProductError(
      'SERVE_ZONES',
      `the folder "${folder}" cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      'correct --zones',
      { cause },
    )
  }
  if (names.length === 0)
    throw new ProductError('SERVE_ZONES', `the folder "${folder}" has neither ${LIST} nor a *.zone file`, 'add one, or correct --zones')
  return names.map((name) => zone(name.slice(0, -'.zone'.length), name))
}

function readBelow(folder: string, name: string): string {
  const root = resolve(folder)
  const path = resolve(root, name)
  if (!path.startsWith(root + sep))
    throw new ProductError('SERVE_ZONES', `"${name}" is outside the folder "${folder}"`, 'keep master files below the folder of --zones')
  try {
    return decodeMasterFile(readFileSync(path))
  } catch (cause) {
    throw new ProductError(
      'SERVE_ZONES',
      `the master file "${path}" cannot be read (${(cause as NodeJS.ErrnoException).code})`,
      `correct its name in ${LIST}`,
      { cause },
    )
  }
}
