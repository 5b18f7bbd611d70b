/** What the comparison needs to know of a server: how to write its data, how to start it, what it can do with the table. Types only. */
import type { PrefixTable } from './prefix-table.ts'

/** By what a server chooses the answer for the steered name. */
export type GeoChoice = 'client subnet' | 'source address' | 'none'

/** A server that takes part. */
export type Contender = {
  /** Short name, as in --peers and in the output. */
  readonly id: string
  /** The program: a name that is looked for in PATH and the folders of system programs, or a path. */
  readonly program: string
  /** Debian packages that bring it. */
  readonly packages: readonly string[]
  /** Further files it needs, as patterns: modules that come in packages of their own. */
  readonly files: readonly string[]
  /** Its geo choice. */
  readonly geo: GeoChoice
  /** Environment variables to add. */
  readonly environment: Readonly<Record<string, string>>
  /** Writes configuration and data into an empty folder of its own. */
  readonly write: (folder: string, table: PrefixTable, port: number) => void
  /** Words of the command line behind the program. */
  readonly words: (folder: string, port: number) => readonly string[]
}
