/**
 * What control remembers of geodata, as one setting of the store: which file is in use, which was before, what waits, what was
 * downloaded. It is written in the transaction that stores the generation, so that both are there after a crash, or neither. Shell.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { loadGeodata } from '../../../geodata/geodata-file.ts'
import type { SourceSize } from '../../../geodata/refresh/check-candidate.ts'
import type { Store } from '../../../policy/store/store.ts'
import type { GeodataDifference, GeodataSourceView } from '../../contract/geodata.ts'
import type { GeodataInUse } from '../publish/publisher.ts'

/** Name of the setting. */
const SETTING = 'geodata.state'

/** A built file and what it was made of. */
export type KeptGeodata = {
  readonly digest: string
  /** Name in the folder; empty = the shipped file. */
  readonly file: string
  /** What it was before corrections were merged over it; empty = the shipped file, `file` itself = there were none. */
  readonly baseFile: string
  /** Digest of sources and what was in them: equal ones need no build. */
  readonly sourcesKey: string
  /** Digest of the corrections. */
  readonly correctionsKey: string
  /** Digest of the sources as the document names them, without their content. */
  readonly recipeKey: string
  readonly sizes: readonly SourceSize[]
  /** Ms since epoch. */
  readonly at: number
  readonly by: string
}

/** A download that is in use. */
export type KeptDownload = {
  readonly sha256: string
  readonly etag: string
  readonly lastModified: string
  readonly licenceText: string
  readonly at: number
}

/** The whole setting. */
export type GeodataState = {
  /** Null: the shipped file, as at the first start. */
  readonly live: KeptGeodata | null
  readonly previous: (KeptGeodata & { readonly untilAt: number }) | null
  readonly pending:
    | (KeptGeodata & {
        readonly limitPercent: number
        readonly difference: GeodataDifference
        readonly sources: readonly Omit<GeodataSourceView, 'ageSeconds'>[]
      })
    | null
  /** Sources, and corrections, that were rejected or rolled back: they are not proposed again. One does not stand for the other. */
  readonly rejectedSourcesKey: string
  readonly rejectedCorrectionsKey: string
  /** By URL. */
  readonly downloads: Readonly<Record<string, KeptDownload>>
  readonly lastAt: number
  readonly lastOutcome: string
  readonly failure: { readonly at: number; readonly code: string; readonly message: string; readonly suggestion: string } | null
  readonly failuresTotal: number
}

const EMPTY: GeodataState = {
  live: null,
  previous: null,
  pending: null,
  rejectedSourcesKey: '',
  rejectedCorrectionsKey: '',
  downloads: {},
  lastAt: 0,
  lastOutcome: '',
  failure: null,
  failuresTotal: 0,
}

/** Folders below the state folder's `geodata`. */
export type GeodataFolders = { readonly built: string; readonly downloads: string }

/** Makes the folders, and removes what a build or download that was killed left behind. */
export function prepareGeodataFolders(folder: string): GeodataFolders {
  const folders = { built: join(folder, 'built'), downloads: join(folder, 'downloads') }
  for (const path of Object.values(folders)) {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    for (const name of readdirSync(path)) if (/\.tmp/.test(name)) rmSync(join(path, name), { force: true })
  }
  return folders
}

/** The state as it was saved. */
export function readGeodataState(store: Store): GeodataState {
  return { ...EMPTY, ...(store.getSetting(SETTING) as Partial<GeodataState> | undefined) }
}

/** Saves it. */
export function saveGeodataState(store: Store, state: GeodataState): void {
  store.setSetting(SETTING, state)
}

/** The geodata to start with: what was live, else what was before it, else the shipped file; `problem` says why it is not the first. */
export function loadGeodataInUse(
  store: Store,
  folders: GeodataFolders,
  shipped: GeodataInUse,
): GeodataInUse & { readonly problem?: string } {
  const { live, previous } = readGeodataState(store)
  let problem: string | undefined
  for (const kept of [live, previous]) {
    if (kept === null || kept.file === '') break
    const geodataPath = join(folders.built, kept.file)
    try {
      return { geodata: loadGeodata(geodataPath), geodataPath, ...(problem === undefined ? {} : { problem }) }
    } catch (error) {
      problem ??= (error as Error).message
    }
  }
  return { ...shipped, ...(problem === undefined ? {} : { problem }) }
}

/** Removes built files and downloads that nothing refers to any more. */
export function removeUnused(state: GeodataState, folders: GeodataFolders): void {
  const files = new Set([state.live, state.previous, state.pending].flatMap((kept) => [kept?.file, kept?.baseFile]))
  const downloads = new Set(Object.values(state.downloads).map(({ sha256 }) => sha256))
  const sweep = (folder: string, isUsed: (name: string) => boolean): void => {
    if (!existsSync(folder)) return
    for (const name of readdirSync(folder)) if (!isUsed(name)) rmSync(join(folder, name), { force: true })
  }
  sweep(folders.built, (name) => files.has(name))
  sweep(folders.downloads, (name) => downloads.has(name))
}
