/**
 * Secrets of keys: files of a folder that only the node knows (`--secrets DIR`), one a file, base64 or as `tsig-keygen` (BIND) and
 * `keymgr -t` (Knot) write a key. Shell. They are looked at again every few seconds; nothing is read while no file has changed.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TsigKeyReference } from '../../policy/config/config-schema.ts'
import { makeTsigKey, type TsigKey } from '../wire/tsig.ts'

/** A key that cannot be used, or should not be as it is (TRANSFER_SECRET_OPEN). */
export type SecretProblem = {
  readonly code: 'TRANSFER_SECRET_MISSING' | 'TRANSFER_SECRET_INVALID' | 'TRANSFER_SECRET_OPEN'
  readonly key: string
  readonly path: string
  readonly reason: string
}

/** What was found. */
export type Secrets = { readonly keys: readonly TsigKey[]; readonly problems: readonly SecretProblem[] }

/** Longest secret file: a 512-octet secret with room for line ends. */
const FILE_LIMIT_BYTES = 4096

/** Reads the keys' secrets. */
export function readSecrets(folder: string | undefined, references: readonly TsigKeyReference[]): Secrets {
  const keys: TsigKey[] = []
  const problems: SecretProblem[] = []
  for (const { name, algorithm, secretRef } of references) {
    const path = folder === undefined ? secretRef : join(folder, secretRef)
    let text: string
    let mode: number
    try {
      if (folder === undefined) throw new Error('no folder of secrets is given (--secrets DIR)')
      const found = statSync(path)
      mode = found.mode & 0o777
      if (found.size > FILE_LIMIT_BYTES) throw new RangeError(`it has more than ${FILE_LIMIT_BYTES} bytes`)
      text = readFileSync(path, 'utf8')
    } catch (error) {
      const code = error instanceof RangeError ? 'TRANSFER_SECRET_INVALID' : 'TRANSFER_SECRET_MISSING'
      problems.push({ code, key: name, path, reason: (error as Error).message })
      continue
    }
    try {
      keys.push(makeTsigKey(name, algorithm, secretIn(text, algorithm)))
      // The group may read it: a service that shares the file is set up on purpose.
      if ((mode & 0o006) !== 0) {
        const reason = `every user of the machine can read it (mode ${mode.toString(8)}): chmod 600, or 640 for a group`
        problems.push({ code: 'TRANSFER_SECRET_OPEN', key: name, path, reason })
      }
    } catch (error) {
      problems.push({ code: 'TRANSFER_SECRET_INVALID', key: name, path, reason: (error as Error).message })
    }
  }
  return { keys, problems }
}

/** The base64 text of a file: all of it, however it is wrapped, or the "secret" of a key statement. */
function secretIn(text: string, algorithm: string): string {
  const statement = /\bsecret\s*:?\s*"?([A-Za-z0-9+/=]+)/.exec(text)
  if (statement === null) return text.replace(/\s+/g, '')
  const other = /\balgorithm\s*:?\s*"?([A-Za-z0-9-]+)/.exec(text)?.[1]
  if (other !== undefined && other.toLowerCase() !== algorithm.toLowerCase().replace(/\.$/, ''))
    throw new RangeError(`it is a key for ${other}, the document says ${algorithm}`)
  return statement[1]!
}

/** A text that changes when one of the files does. */
export function secretsMark(folder: string | undefined, references: readonly TsigKeyReference[]): string {
  if (folder === undefined) return ''
  return references
    .map(({ secretRef }) => {
      const found = statSync(join(folder, secretRef), { throwIfNoEntry: false, bigint: true })
      return found === undefined ? '-' : `${found.ino}/${found.size}/${found.mtimeNs}/${found.mode}`
    })
    .join(' ')
}
