/**
 * What reads and compiles documents for the publisher: in control a thread (compile-in-worker.ts), so that a large document stops neither
 * the API nor the events of nodes; in tests the same code in place (local-compiler.ts). Pure.
 */
import type { Config } from '../../../policy/config/config-schema.ts'
import type { Snapshot } from '../../../resolver/snapshot/snapshot.ts'
import type { DynamicRecord } from '../../../resolver/zone/dynamic-layer.ts'
import type { Issue } from '../../contract/issue.ts'

/** A document with the files it names. */
export type DocumentSource = { readonly text: string; readonly files: Readonly<Record<string, string>> }

/** From this size on (text and files, characters) a cold thread takes more than a second. */
const LARGE = 1 << 20

/** Whether a document is so large that the compile thread should be warm for it. */
export function isLargeDocument({ text, files }: DocumentSource): boolean {
  return Object.values(files).reduce((sum, file) => sum + file.length, text.length) > LARGE
}

/** A document that was read. */
export type ParsedDocument = {
  readonly issues: readonly Issue[]
  /** Undefined: an error is among the issues. */
  readonly config: Config | undefined
  /** Canonical digest; empty without a configuration. */
  readonly digest: string
  /** Digests of what transfers of its zones show when nothing lies beside the document (zone-serials.ts), by zone name. */
  readonly contentDigests: ReadonlyMap<string, string>
}

/** What a compile takes besides the document. */
export type CompileInput = {
  /** Canonical digest of the document, as the store has it. */
  readonly documentDigest: string
  readonly generation: number
  /** Serials given to zones, by apex. */
  readonly serials: ReadonlyMap<string, number>
  /** Dynamic layers of zones. */
  readonly dynamic: readonly DynamicRecord[]
  /** Packed records of secondary zones, in shared memory, by zone name. */
  readonly transferred: ReadonlyMap<string, Uint8Array>
  /** Digests of these. */
  readonly transferredDigests: ReadonlyMap<string, string>
  /** Geodata file to compile with. */
  readonly geodataPath: string
}

/** Outcome of a compile: no snapshot when an error is among the issues, which do not repeat those of the document itself. */
export type CompileOutcome = { readonly snapshot: Snapshot | undefined; readonly issues: readonly Issue[] }

/** Reads and compiles documents. */
export type DocumentCompiler = {
  readonly parse: (source: DocumentSource) => Promise<ParsedDocument>
  /** Compiles a document without errors. */
  readonly compile: (source: DocumentSource, input: CompileInput) => Promise<CompileOutcome>
}
