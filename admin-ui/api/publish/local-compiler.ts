/**
 * Reads and compiles documents where it stands: the inside of the compile thread, and what tests take. Keeps the last documents that it
 * read, so that a draft is read once for its check, its review and its publish, and parts of compiles (resolver/snapshot/compile-cache.ts).
 */
import type { Geodata } from '../../../geodata/geodata.ts'
import { makeIssue } from '../../../policy/config/config-issue.ts'
import { type ParseResult, parseConfig } from '../../../policy/config/parse-config.ts'
import { makeCompileCache } from '../../../resolver/snapshot/compile-cache.ts'
import { compileSnapshot } from '../../../resolver/snapshot/compile-snapshot.ts'
import type { CompileInput, CompileOutcome, DocumentSource, ParsedDocument } from './document-compiler.ts'
import { viewIssue } from './issue-view.ts'
import { RecentDocuments } from './recent-documents.ts'
import { digestContents } from './zone-serials.ts'

/** A compiler without waiting. */
export type LocalCompiler = {
  readonly parse: (source: DocumentSource) => ParsedDocument
  readonly compile: (source: DocumentSource, input: CompileInput) => CompileOutcome
}

/** Makes one; `geodataOf` loads a geodata file, or gives the one it has. */
export function createLocalCompiler(geodataOf: (path: string) => Geodata): LocalCompiler {
  const cache = makeCompileCache()
  const documents = new RecentDocuments<ParseResult>()
  const open = (source: DocumentSource): ParseResult =>
    documents.get(source, () => parseConfig(source.text, new Map(Object.entries(source.files))))
  return {
    parse: (source) => {
      const parsed = open(source)
      const issues = parsed.issues.map(viewIssue)
      if (!parsed.ok) return { issues, config: undefined, digest: '', contentDigests: new Map() }
      return { issues, config: parsed.config, digest: parsed.digest, contentDigests: digestContents(parsed.config) }
    },
    compile: (source, input) => {
      const parsed = open(source)
      if (!parsed.ok) throw new Error('a document with errors is not compiled')
      const { config, locate } = parsed
      const geodata = geodataOf(input.geodataPath)
      const { snapshot, issues } = compileSnapshot({ ...input, config, geodata, moreZones: [] }, cache)
      return { snapshot, issues: issues.map((draft) => viewIssue(makeIssue(draft, draft.where ?? locate(draft.path, draft.atKey)))) }
    },
  }
}
