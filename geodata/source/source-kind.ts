/** Contract of a source format, and what an operator writes to use one. Registry: source-kinds.ts. */
import type { SourceRanges } from '../compile/merge-sources.ts'
import type { SourceDescription } from '../geodata.ts'

/** A source as written in a recipe (geodata build) or in the document's `geodata.sources`. */
export type SourceSpec = Partial<SourceDescription> & {
  /** Name of a format. */
  readonly kind: string
  /** File, or one file of `files`; relative to the recipe. */
  readonly file?: string
  /** Several files of one source, e.g. IPv4 and IPv6. */
  readonly files?: readonly string[]
  /** country-csv: statements known to be wrong; unknown is better. */
  readonly ignore?: readonly { readonly country: string; readonly prefix: string }[]
  /** cidr-list: the place of all its networks, in any accepted spelling. */
  readonly place?: string
  /** cidr-list: the carrier of all its networks. */
  readonly carrier?: string
}

/** A source, read: its ranges and what is known of its origin. */
export type SourceReading = {
  readonly ranges: SourceRanges
  /** One description; a snapshot as source has all of its own. */
  readonly descriptions: readonly (SourceDescription & { readonly sha256: string })[]
}

/** One format. */
export type SourceKind = {
  /** Value of `kind`. */
  readonly kind: string
  /** Fewest and most files it takes. */
  readonly fileCount: readonly [number, number]
  /** Reads the files. Throws GeodataError with file and place for anything malformed. */
  readonly read: (spec: SourceSpec, files: readonly string[]) => Promise<SourceReading>
}
