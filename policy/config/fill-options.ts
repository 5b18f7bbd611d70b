/** Section `options` of the document: shape → Options, with everything that is wrong as an issue. Pure. */
import { findCovering } from '../../geodata/address/covered-prefixes.ts'
import { formatPrefix, type Prefix, parsePrefix } from '../../geodata/address/prefix.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { Options } from './config-schema.ts'
import type { OptionsShape } from './document-schema.ts'

/** Fills the section. */
export function fillOptions(shape: OptionsShape, lineOf: LineOf, issues: IssueDraft[]): Options {
  return {
    ...(shape.ecsTrust === 'all' ? {} : { ecsTrust: fillEcsTrust(shape.ecsTrust, lineOf, issues) }),
    ...(shape.scopeGranularity === undefined ? {} : { scopeGranularity: shape.scopeGranularity }),
  }
}

/** Networks in canonical form, sorted, none of them in another one. */
function fillEcsTrust(list: readonly string[], lineOf: LineOf, issues: IssueDraft[]): readonly string[] {
  const prefixes: Prefix[] = []
  const paths: ConfigPath[] = []
  for (const [position, text] of list.entries()) {
    const path = ['options', 'ecsTrust', position]
    try {
      prefixes.push(parsePrefix(text))
      paths.push(path)
    } catch (error) {
      const { message, suggestion } = error as { message: string; suggestion?: string }
      const reason = message.replace(/^"[^"]*" /, 'it ')
      issues.push({ code: 'CONFIG_PREFIX_INVALID', path, params: { value: text, reason, remedy: suggestion ?? '' } })
    }
  }
  const covering = findCovering(prefixes)
  const left: string[] = []
  for (const [position, prefix] of prefixes.entries()) {
    const by = covering[position]!
    if (by === -1) left.push(formatPrefix(prefix))
    else {
      const params = { value: formatPrefix(prefix), by: formatPrefix(prefixes[by]!), firstLine: lineOf(paths[by]!) }
      issues.push({ code: 'CONFIG_ECS_TRUST_TWICE', path: paths[position]!, params })
    }
  }
  return left.sort()
}
