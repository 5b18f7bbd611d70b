/** Which attachments of a document a zone can be made of, in one digest. Pure. */
import { createHash } from 'node:crypto'
import type { Config, Zone } from '../../policy/config/config-schema.ts'

/** By the attachments of a document: read whole once, however many zones come of them. */
const known = new WeakMap<Config['files'], Map<string, string>>()

/**
 * SHA-256 (hex) of the master file of a zone; of all attachments when it has an $INCLUDE, which may name any of them. "" for a zone
 * whose records stand in the document.
 */
export function digestOfZoneFiles(files: Config['files'], { file }: Pick<Zone, 'file'>): string {
  if (file === '') return ''
  let digests = known.get(files)
  if (digests === undefined) {
    digests = new Map()
    known.set(files, digests)
  }
  const text = files[file] ?? ''
  const name = /\$include/i.test(text) ? '' : file
  let digest = digests.get(name)
  if (digest === undefined) {
    digest = sha256(name === '' ? JSON.stringify(files) : text)
    digests.set(name, digest)
  }
  return digest
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
