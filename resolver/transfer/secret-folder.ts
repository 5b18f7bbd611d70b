/**
 * Secrets of keys: files of a folder that only the node knows (`--secrets DIR`), base64, one a file. Shell. They are looked at again
 * every few seconds; nothing is read while no file has changed.
 */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { TsigKeyReference } from '../../policy/config/config-schema.ts'
import { makeTsigKey, type TsigKey } from '../wire/tsig.ts'

/** A key that cannot be used. */
export type SecretProblem = {
  readonly code: 'TRANSFER_SECRET_MISSING' | 'TRANSFER_SECRET_INVALID'
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
    try {
      if (folder === undefined) throw new Error('no folder of secrets is given (--secrets DIR)')
      if (statSync(path).size > FILE_LIMIT_BYTES) throw new RangeError(`it has more than ${FILE_LIMIT_BYTES} bytes`)
      text = readFileSync(path, 'utf8')
    } catch (error) {
      const code = error instanceof RangeError ? 'TRANSFER_SECRET_INVALID' : 'TRANSFER_SECRET_MISSING'
      problems.push({ code, key: name, path, reason: (error as Error).message })
      continue
    }
    try {
      keys.push(makeTsigKey(name, algorithm, text))
    } catch (error) {
      problems.push({ code: 'TRANSFER_SECRET_INVALID', key: name, path, reason: (error as Error).message })
    }
  }
  return { keys, problems }
}

/** A text that changes when one of the files does. */
export function secretsMark(folder: string | undefined, references: readonly TsigKeyReference[]): string {
  if (folder === undefined) return ''
  return references
    .map(({ secretRef }) => {
      const found = statSync(join(folder, secretRef), { throwIfNoEntry: false, bigint: true })
      return found === undefined ? '-' : `${found.ino}/${found.size}/${found.mtimeNs}`
    })
    .join(' ')
}
