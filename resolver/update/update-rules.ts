/** Who may change what of a zone by updates: `allowUpdate` of the document. Pure. */
import { formatName } from '../wire/name.ts'

/** One permission. */
export type UpdateRule = {
  /** Name of the key that the update is signed with, presentation form of its canonical name. */
  readonly tsigKey: string
  /** Absolute, lower-case names; a label "*" stands for one or more labels. Empty = every name of the zone. */
  readonly names: readonly string[]
  /** Type words; "ANY" = all. Empty = all but SOA and NS. */
  readonly types: readonly string[]
}

/** What an update wants to change, for a check of permission. */
export type UpdateTarget = { readonly owner: Uint8Array; readonly typeWord: string }

/** True when a rule of this key lets it change the RRset. */
export function mayUpdate(rules: readonly UpdateRule[], keyName: string, { owner, typeWord }: UpdateTarget): boolean {
  const labels = labelsOf(formatName(owner))
  return rules.some(
    (rule) =>
      rule.tsigKey === keyName &&
      (rule.types.length === 0 ? typeWord !== 'SOA' && typeWord !== 'NS' : rule.types.includes('ANY') || rule.types.includes(typeWord)) &&
      (rule.names.length === 0 || rule.names.some((pattern) => matches(labelsOf(pattern), 0, labels, 0))),
  )
}

/** Labels of a presentation name; an escaped dot ends none. */
function labelsOf(name: string): readonly string[] {
  return name === '.' ? [] : (name.match(/(?:\\.|[^.\\])+/gs) ?? [])
}

function matches(pattern: readonly string[], at: number, labels: readonly string[], from: number): boolean {
  if (at === pattern.length) return from === labels.length
  if (from === labels.length) return false
  if (pattern[at] !== '*') return pattern[at] === labels[from] && matches(pattern, at + 1, labels, from + 1)
  return matches(pattern, at + 1, labels, from + 1) || matches(pattern, at, labels, from + 1)
}
