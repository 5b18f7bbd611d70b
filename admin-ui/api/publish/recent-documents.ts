/** What was worked out of the last few documents, found by their content: the store gives a document as another string every time. */
import type { DocumentSource } from './document-compiler.ts'

/** Live, a draft of it, and the one before. */
const KEPT = 4

/** Values by document; those not asked for any more are dropped. */
export class RecentDocuments<Value> {
  readonly #kept: { readonly source: DocumentSource; readonly value: Value }[] = []

  /** The value of a document, made when it is not there. */
  get(source: DocumentSource, make: () => Value): Value {
    const at = this.#kept.findIndex((kept) => isSameSource(kept.source, source))
    const entry = at < 0 ? { source, value: make() } : this.#kept.splice(at, 1)[0]!
    this.#kept.unshift(entry)
    this.#kept.length = Math.min(this.#kept.length, KEPT)
    return entry.value
  }

  /** Drops a value that turned out to be of no use. */
  drop(value: Value): void {
    const at = this.#kept.findIndex((kept) => kept.value === value)
    if (at >= 0) this.#kept.splice(at, 1)
  }
}

/** Whether two documents are the same text with the same files. Texts of some MB compare in a millisecond. */
export function isSameSource(one: DocumentSource, other: DocumentSource): boolean {
  if (one === other) return true
  if (one.text !== other.text) return false
  if (one.files === other.files) return true
  const names = Object.keys(one.files)
  return names.length === Object.keys(other.files).length && names.every((name) => one.files[name] === other.files[name])
}
