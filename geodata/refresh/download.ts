/**
 * Downloads one file of geodata into a folder, under the name of its SHA-256. Shell. It asks only when the server has something newer,
 * keeps to limits of size, time and redirects, never sends anywhere that is not allowed, and looks at what came by its content before
 * it counts: a page of HTML with status 200 is the most common damage.
 */
import { createWriteStream, rmSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Agent, request } from 'undici'
import { findAddress } from '../address/address.ts'
import { isForbiddenTarget } from '../address/forbidden-targets.ts'
import { GeodataError } from '../address/geodata-error.ts'
import { isPrivateAddress } from '../address/private-addresses.ts'
import { guardedLookup } from './guarded-lookup.ts'
import { type UnpackedFile, unpackDownload } from './unpack-download.ts'

/** Redirects followed: MaxMind answers with one. */
const MAX_REDIRECTS = 5
const CONNECT_TIMEOUT_MS = 10_000

/** What is asked for. */
export type DownloadWish = {
  readonly url: string
  /** Headers with the secret; they go to the origin of `url` only. */
  readonly headers: Readonly<Record<string, string>>
  /** Answers of the server to the last download; empty = none. */
  readonly etag: string
  readonly lastModified: string
  /** Name of a licence text that must come along; empty = none. */
  readonly licenceFile: string
}

/** Limits, and where to put it. */
export type DownloadOptions = {
  readonly folder: string
  readonly timeoutMs: number
  /** Of the download and of what it unpacks to. */
  readonly maxBytes: number
  /** True for an address of this machine or a private network that may be asked all the same. */
  readonly mayAskPrivate: (address: string) => boolean
  readonly signal?: AbortSignal
}

/** What came. */
export type Download = UnpackedFile & { readonly etag: string; readonly lastModified: string }

/** Downloads; undefined = nothing newer. Throws GEODATA_DOWNLOAD_FAILED, GEODATA_DOWNLOAD_REFUSED, GEODATA_LICENCE_MISSING. */
export async function download(wish: DownloadWish, options: DownloadOptions): Promise<Download | undefined> {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal])
  const agent = new Agent({
    connect: {
      lookup: guardedLookup(
        (address) => mayAsk(address, options),
        (hostname) => refused(hostname, `"${hostname}" leads to no public address`),
      ),
      timeout: CONNECT_TIMEOUT_MS,
    },
  })
  const temporary = join(options.folder, `${process.pid}-${Math.random().toString(36).slice(2)}.tmp`)
  try {
    const response = await ask(wish, options, agent, signal)
    if (response === undefined) return undefined
    await pipeline(response.body, limitBytes(options.maxBytes, wish.url), createWriteStream(temporary, { mode: 0o600 }), { signal })
    if (response.length !== undefined && response.length !== (await stat(temporary)).size)
      throw failed(wish.url, `it was cut short of its ${response.length} bytes`)
    const file = await unpackDownload(temporary, { ...options, shown: shownUrl(wish.url), licenceFile: wish.licenceFile })
    return { ...file, etag: response.etag, lastModified: response.lastModified }
  } catch (error) {
    if (error instanceof GeodataError) throw error
    if (timeout.aborted) throw failed(wish.url, `it took longer than ${options.timeoutMs / 1000} s`)
    throw failed(wish.url, reasonOf(error), error)
  } finally {
    rmSync(temporary, { force: true })
    await agent.destroy().catch(() => undefined)
  }
}

/** A URL without what may be secret in it. */
export function shownUrl(url: string): string {
  const parsed = URL.parse(url)
  return parsed === null ? 'URL' : `${parsed.origin}${parsed.pathname}`
}

type Answer = {
  readonly body: AsyncIterable<Uint8Array>
  readonly etag: string
  readonly lastModified: string
  readonly length: number | undefined
}

async function ask(wish: DownloadWish, options: DownloadOptions, agent: Agent, signal: AbortSignal): Promise<Answer | undefined> {
  const { origin } = new URL(wish.url)
  let url = wish.url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    refuseTarget(url, options)
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal,
      headers: {
        'user-agent': 'nearcast',
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(wish.etag === '' ? {} : { 'if-none-match': wish.etag }),
        ...(wish.lastModified === '' ? {} : { 'if-modified-since': wish.lastModified }),
        ...(new URL(url).origin === origin ? wish.headers : {}),
      },
    })
    const text = (name: string): string => (typeof headers[name] === 'string' ? (headers[name] as string) : '')
    if (statusCode === 200) {
      const length = /^\d+$/.test(text('content-length')) ? Number(text('content-length')) : undefined
      if (length !== undefined && length > options.maxBytes) {
        body.destroy()
        throw tooLarge(wish.url, options.maxBytes)
      }
      return { body, etag: text('etag'), lastModified: text('last-modified'), length }
    }
    await body.dump()
    if (statusCode === 304) return undefined
    const next = URL.parse(text('location'), url)
    if (statusCode < 300 || statusCode > 399 || next === null) throw failed(wish.url, statusReason(statusCode))
    if (url.startsWith('https:') && next.protocol !== 'https:')
      throw refused(wish.url, `it leads to "${shownUrl(next.href)}" without encryption`)
    url = next.href
  }
  throw refused(wish.url, `it leads on more than ${MAX_REDIRECTS} times`)
}

function statusReason(status: number): string {
  if (status === 401 || status === 403) return `the server answers ${status}: check auth and its secret`
  return `the server answers ${status}`
}

/** An address written in the URL itself is not looked up, so it is judged here. */
function refuseTarget(url: string, options: DownloadOptions): void {
  const { protocol, hostname } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') throw refused(url, `it leads to a URL of the kind "${protocol}"`)
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !mayAsk(host, options)) throw refused(url, `"${host}" is no public address`)
}

function mayAsk(text: string, options: DownloadOptions): boolean {
  const address = findAddress(text)
  if (address === undefined) return false
  return !isForbiddenTarget(address) && (!isPrivateAddress(address) || options.mayAskPrivate(text))
}

function limitBytes(maxBytes: number, url: string): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* (source) {
    let count = 0
    for await (const chunk of source) {
      count += chunk.length
      if (count > maxBytes) throw tooLarge(url, maxBytes)
      yield chunk
    }
  }
}

function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: string; message: string; cause?: { code?: string } }
  const reason = cause?.code ?? code ?? message
  return /^(UND_ERR_|E[A-Z]+$)/.test(reason) ? `the connection failed (${reason})` : reason
}

function failed(url: string, reason: string, cause?: unknown): GeodataError {
  const message = `"${shownUrl(url)}" cannot be downloaded: ${reason}`
  return new GeodataError('GEODATA_DOWNLOAD_FAILED', message, 'check the URL and the network', { cause })
}

function refused(url: string, reason: string): GeodataError {
  return new GeodataError(
    'GEODATA_DOWNLOAD_REFUSED',
    `"${shownUrl(url)}" is not downloaded: ${reason}`,
    'correct the URL, or allow the address with --geodata-allow',
  )
}

function tooLarge(url: string, maxBytes: number): GeodataError {
  const message = `"${shownUrl(url)}" is larger than ${Math.round(maxBytes / 2 ** 20)} MB`
  return new GeodataError('GEODATA_DOWNLOAD_REFUSED', message, 'check the URL, or raise geodata.refresh.maxMegabytes')
}
