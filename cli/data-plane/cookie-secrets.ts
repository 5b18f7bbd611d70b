/**
 * Secrets of DNS cookies: from a file that all nodes of one address share, or made at the first start. Shell. The file is read again
 * when it changes. Roll-over (RFC 9018 §5) on all nodes: add the new secret as the second line everywhere, then put it first
 * everywhere, then remove the old one after an hour.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs'
import { createGuardMemory, replaceCookieSecrets } from '../../resolver/guard/guard-memory.ts'
import { cookieSecretWords, MAX_SECRETS } from '../../resolver/wire/cookie.ts'
import type { ProcessLog } from '../process-log.ts'
import { ProductError } from '../product-error.ts'

/** Rows of the rate-limit table: 65,536 × 8 cells, 4 MiB. */
const TABLE_ROWS = 65_536
/** A changed file is seen within this time. */
const LOOK_MS = 2000
const SECRET_BYTES = 16

/** Shared memory of the guard with secrets in it. */
export type GuardState = { readonly memory: SharedArrayBuffer; readonly stop: () => void }

/** Parses the file's text. Throws SETTINGS_COOKIE_SECRETS naming the line. */
export function parseCookieSecrets(text: string, path: string): Uint32Array[] {
  const secrets: Uint32Array[] = []
  for (const [index, line] of text.split('\n').entries()) {
    const word = line.replace(/#.*/, '').trim()
    if (word === '') continue
    if (!/^[0-9a-f]{32}$/i.test(word)) throw secretsError(`line ${index + 1} of "${path}" is no secret`)
    secrets.push(cookieSecretWords(Buffer.from(word, 'hex')))
  }
  if (secrets.length === 0) throw secretsError(`"${path}" has no secret`)
  if (secrets.length > MAX_SECRETS) throw secretsError(`"${path}" has ${secrets.length} secrets, at most ${MAX_SECRETS} are used`)
  return secrets
}

function secretsError(message: string, cause?: unknown): ProductError {
  return new ProductError(
    'SETTINGS_COOKIE_SECRETS',
    message,
    'write 32 hex digits a line, e.g. from "openssl rand -hex 16"; # begins a comment',
    {
      cause,
    },
  )
}

/** Reads the secrets; a file that is not there is made when `mayCreate`. */
function loadSecrets(path: string, mayCreate: boolean): Uint32Array[] {
  try {
    return parseCookieSecrets(readFileSync(path, 'utf8'), path)
  } catch (error) {
    if (error instanceof ProductError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' || !mayCreate) throw secretsError(`the cookie secrets "${path}" cannot be read (${code})`, error)
  }
  const secret = randomBytes(SECRET_BYTES)
  writeFileSync(path, `${secret.toString('hex')}\n`, { mode: 0o600, flag: 'wx' })
  return [cookieSecretWords(secret)]
}

/** Reads the operator's file of secrets once, for its errors. Throws SETTINGS_COOKIE_SECRETS. */
export function checkCookieSecrets(path: string): void {
  loadSecrets(path, false)
}

/**
 * Makes the guard's memory. `given` is the operator's file, `own` one in the state folder that is made when it is not there; neither:
 * secrets for this run only. Throws SETTINGS_COOKIE_SECRETS.
 */
export function startGuardState(given: string, own: string | undefined, log: ProcessLog): GuardState {
  const path = given === '' ? own : given
  const memory = createGuardMemory(
    TABLE_ROWS,
    Uint32Array.from({ length: 4 }, () => randomBytes(4).readUInt32LE()),
  )
  if (path === undefined) {
    replaceCookieSecrets(memory, [cookieSecretWords(randomBytes(SECRET_BYTES))])
    return { memory, stop: () => undefined }
  }
  replaceCookieSecrets(memory, loadSecrets(path, given === ''))
  const look = (): void => {
    try {
      replaceCookieSecrets(memory, loadSecrets(path, false))
      log.info({ path }, 'cookie secrets were read again')
    } catch (error) {
      log.warn({ reason: (error as Error).message }, 'cookie secrets stay as they were')
    }
  }
  watchFile(path, { interval: LOOK_MS, persistent: false }, look)
  return { memory, stop: () => unwatchFile(path, look) }
}
