/** From the document's `geodata` to what a build reads: files of the folder, downloads, and a key that changes when any of them does. Shell. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { GeodataError } from '../../../geodata/address/geodata-error.ts'
import { type Download, type DownloadOptions, download } from '../../../geodata/refresh/download.ts'
import type { Recipe, SourceSpec } from '../../../geodata/source/source-kind.ts'
import type { GeodataFileSource, GeodataSettings } from '../../../policy/config/config-schema.ts'
import type { KeptDownload } from './geodata-state.ts'

/** Where things are. */
export type InputFolders = {
  /** Files that the document names. */
  readonly files: string
  readonly downloads: string
  /** Secrets that `auth` names. */
  readonly secrets: string
  /** File that `default` stands for. */
  readonly shippedPath: string
}

/** Downloads by URL. */
export type KeptDownloads = Readonly<Record<string, KeptDownload>>

/** True when nothing is to be built: the shipped file as it is. */
export function isShippedOnly(settings: GeodataSettings): boolean {
  return isShippedBase(settings) && settings.corrections.length === 0
}

/** True when nothing but corrections is merged over the shipped file. */
function isShippedBase({ sources }: GeodataSettings): boolean {
  return sources.every(({ kind }) => kind === 'default')
}

/** Digest of all that is wanted, without the content of any file. */
export function recipeKeyOf({ sources, fieldOrder, corrections }: GeodataSettings): string {
  return digest({ sources, fieldOrder, corrections })
}

/** Digest of the sources that are wanted, without the content of any file. */
export function sourceRecipeKeyOf({ sources, fieldOrder }: GeodataSettings): string {
  return digest({ sources, fieldOrder })
}

/** Digest of the sources and what is in them. A file counts by size, time and number: one that was written again is read again. */
export function sourcesKeyOf(settings: GeodataSettings, downloads: KeptDownloads, folders: InputFolders): string {
  if (isShippedBase(settings)) return shippedKeyOf(folders)
  const inputs = settings.sources.map((source) =>
    source.kind === 'default'
      ? stampOf(folders.shippedPath)
      : [...source.files.map((file) => stampOf(join(folders.files, file))), ...source.urls.map((url) => downloads[url]?.sha256 ?? '')],
  )
  return digest([sourceRecipeKeyOf(settings), inputs])
}

/** Digest of the shipped file as the only source. */
export function shippedKeyOf(folders: InputFolders): string {
  return digest(['default', stampOf(folders.shippedPath)])
}

/** Digest of the corrections. */
export function correctionsKeyOf({ corrections }: Pick<GeodataSettings, 'corrections'>): string {
  return digest(corrections)
}

/** The recipe with paths of real files. Corrections come along. */
export function recipeOf(settings: GeodataSettings, downloads: KeptDownloads, folders: InputFolders): Recipe {
  return {
    sources: settings.sources.map((source): 'default' | SourceSpec => {
      if (source.kind === 'default') return 'default'
      const { files, urls, auth: _, licenceFile: __, ...spec } = source
      const paths = [
        ...files.map((file) => join(folders.files, file)),
        ...urls.map((url) => join(folders.downloads, downloads[url]?.sha256 ?? 'missing')),
      ]
      return { ...spec, ...(paths.length === 0 ? {} : { files: paths }), ...(urls.length === 0 ? {} : { url: urls[0]! }) }
    }),
    fieldOrder: Object.fromEntries(Object.entries(settings.fieldOrder).filter(([, names]) => names !== undefined)),
    corrections: settings.corrections,
  }
}

/** Fetches what is newer than `kept`; gives all downloads that the document names. `onlyMissing`: without asking for newer ones. */
export async function fetchDownloads(
  settings: GeodataSettings,
  kept: KeptDownloads,
  folders: InputFolders,
  options: Pick<DownloadOptions, 'mayAskPrivate'> & {
    readonly onlyMissing: boolean
    readonly now: () => number
    readonly signal: AbortSignal
  },
): Promise<KeptDownloads> {
  const downloads: Record<string, KeptDownload> = {}
  for (const source of settings.sources) {
    if (source.kind === 'default') continue
    checkLicenceFile(source, folders)
    for (const url of source.urls) {
      const known = kept[url]
      const isHere = known !== undefined && existsSync(join(folders.downloads, known.sha256))
      if (isHere && options.onlyMissing) {
        downloads[url] = known
        continue
      }
      const fetched = await fetchOne(source, url, isHere ? known : undefined, settings, folders, options)
      if (fetched === undefined) downloads[url] = known!
      else {
        const { sha256, etag, lastModified, licenceText } = fetched
        downloads[url] = { sha256, etag, lastModified, licenceText, at: options.now() }
      }
    }
  }
  return downloads
}

function fetchOne(
  source: GeodataFileSource,
  url: string,
  known: KeptDownload | undefined,
  { refresh }: GeodataSettings,
  folders: InputFolders,
  options: Pick<DownloadOptions, 'mayAskPrivate'> & { readonly signal: AbortSignal },
): Promise<Download | undefined> {
  const wish = {
    url,
    headers: headersOf(source, folders),
    etag: known?.etag ?? '',
    lastModified: known?.lastModified ?? '',
    licenceFile: source.licenceFile,
  }
  return download(wish, {
    folder: folders.downloads,
    timeoutMs: refresh.timeoutSeconds * 1000,
    maxBytes: refresh.maxMegabytes * 2 ** 20,
    mayAskPrivate: options.mayAskPrivate,
    signal: options.signal,
  })
}

function headersOf({ auth, name }: GeodataFileSource, { secrets }: InputFolders): Readonly<Record<string, string>> {
  if (auth === null) return {}
  let secret: string
  try {
    secret = readFileSync(join(secrets, auth.secretRef), 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const message = `the secret "${auth.secretRef}" of source "${name}" cannot be read (${code})`
    throw new GeodataError('GEODATA_DOWNLOAD_FAILED', message, 'put it into the folder of secrets (--secrets)', { cause: error })
  }
  if (auth.header !== '') return { [auth.header]: secret }
  const basic = Buffer.from(`${auth.user}:${secret}`, 'utf8').toString('base64')
  return { authorization: auth.user === '' ? `Bearer ${secret}` : `Basic ${basic}` }
}

/** The licence text of a source that is read from files lies beside them. */
function checkLicenceFile({ licenceFile, files, name }: GeodataFileSource, folders: InputFolders): void {
  if (licenceFile === '' || files.length === 0) return
  const path = join(dirname(join(folders.files, files[0]!)), licenceFile)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > 0) return
  throw new GeodataError(
    'GEODATA_LICENCE_MISSING',
    `source "${name}" has no licence text "${licenceFile}" beside its file`,
    'put it there, or correct licenceFile',
  )
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false })
  return found === undefined ? 'missing' : `${found.size} ${found.mtimeMs} ${found.ino}`
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}
