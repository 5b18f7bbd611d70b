/** Contract of a source format, and what an operator writes to use one. Registry: source-kinds.ts. */
import type { SourceRanges } from '../compile/merge-sources.ts'
import type { Correction, LocationField, SourceDescription } from '../geodata.ts'

/** A source as written in a recipe (geodata build) or in the document's `geodata.sources`. */
export type SourceSpec = Partial<SourceDescription> & {
  /** Name of a format. */
  readonly kind: string
  /** File, or one file of `files`; relative to the recipe. */
  readonly file?: string
  /** Several files of one source, e.g. IPv4 and IPv6. */
  readonly files?: readonly string[]
  /** Several downloads of one source; one is `url`. Only the refresh downloads; a build reads files. */
  readonly urls?: readonly string[]
  /** Takes only these fields from the source [all it has]. */
  readonly fields?: readonly LocationField[]
  /** country-csv: statements known to be wrong; unknown is better. */
  readonly ignore?: readonly { readonly country: string; readonly prefix: string }[]
  /** cidr-list: the place of all its networks, in any accepted spelling. */
  readonly place?: string
  /** cidr-list: the carrier of all its networks. */
  readonly carrier?: string
  /** csv: names of the columns, for a file without a first line that names them; "" for a column to pass over. */
  readonly columns?: readonly string[]
  /** xdb: order of the texts, "2024", "2026" or names such as "country|region|province|city|isp" [recognised from the file]. */
  readonly layout?: string
  /** ipdb: language of the names, one of those the file has [CN, else its first]. */
  readonly language?: string
}

/** Everything a build needs to know: what a recipe holds, and the document's `geodata`. */
export type Recipe = {
  /** Sources in order of precedence; "default" is the file that ships with nearcast. */
  readonly sources: readonly ('default' | SourceSpec)[]
  /** For a field the names of the sources that are asked first, in that order; the others follow as declared. */
  readonly fieldOrder?: FieldOrder
  /** Networks of which the operator knows better; they win over all sources and orders. */
  readonly corrections?: readonly Correction[]
}

/** Names of sources by field. */
export type FieldOrder = { readonly [Field in LocationField]?: readonly string[] }

/** A source, read: its ranges and what is known of its origin. */
export type SourceReading = {
  readonly ranges: SourceRanges
  /** One description; a snapshot as source has all of its own. */
  readonly descriptions: readonly (SourceDescription & { readonly sha256: string })[]
  /** What the operator should know of it [nothing]. */
  readonly notes?: readonly string[] | undefined
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
