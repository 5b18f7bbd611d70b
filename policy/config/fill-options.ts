/** Section `options` of the document: shape → Options, with everything that is wrong as an issue. Pure. */
import { findAddress, formatAddress } from '../../geodata/address/address.ts'
import { findCovering } from '../../geodata/address/covered-prefixes.ts'
import { isForbiddenTarget } from '../../geodata/address/forbidden-targets.ts'
import { formatPrefix, type Prefix, parsePrefix } from '../../geodata/address/prefix.ts'
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import type { Options } from './config-schema.ts'
import type { OptionsShape } from './document-schema.ts'
import { fillWebhooks } from './fill-webhooks.ts'

/** Fills the section. */
export function fillOptions(shape: OptionsShape, lineOf: LineOf, issues: IssueDraft[]): Options {
  return {
    ...(shape.ecsTrust === 'all' ? {} : { ecsTrust: fillEcsTrust(shape.ecsTrust, lineOf, issues) }),
    ...(shape.scopeGranularity === undefined ? {} : { scopeGranularity: shape.scopeGranularity }),
    ...((shape.isolation?.reference ?? []).length === 0
      ? {}
      : { isolation: { reference: fillReference(shape.isolation!.reference, lineOf, issues) } }),
    ...(shape.retention === undefined ? {} : { retention: shape.retention }),
    ...((shape.webhooks ?? []).length === 0 ? {} : { webhooks: fillWebhooks(shape.webhooks!, lineOf, issues) }),
  }
}

/** Port of a reference that has none: name servers are what is there to be reached. */
const REFERENCE_PORT = 53

/** Addresses with their ports in canonical form, sorted. */
function fillReference(
  list: readonly string[],
  lineOf: LineOf,
  issues: IssueDraft[],
): readonly { readonly address: string; readonly port: number }[] {
  const found = new Map<string, { readonly address: string; readonly port: number; readonly path: ConfigPath }>()
  for (const [position, text] of list.entries()) {
    const path = ['options', 'isolation', 'reference', position]
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+)|([^[\]]*:[^[\]]*:[^[\]]*))(?::(\d{1,5}))?$/.exec(text.trim())
    const address = findAddress(match?.[1] ?? match?.[2] ?? match?.[3] ?? '')
    const port = Number(match?.[4] ?? REFERENCE_PORT)
    if (address === undefined || isForbiddenTarget(address) || port < 1 || port > 65_535) {
      issues.push({ code: 'CONFIG_ISOLATION_REFERENCE', path, params: { value: text } })
      continue
    }
    const reference = { address: formatAddress(address), port, path }
    const key = `${reference.address} ${port}`
    const before = found.get(key)
    if (before === undefined) found.set(key, reference)
    else issues.push({ code: 'CONFIG_ISOLATION_TWICE', path, params: { value: text, firstLine: lineOf(before.path) } })
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { address, port }]) => ({ address, port }))
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
