/** Checks of transfers and updates: keys and who uses them, serials, names and types. Pure. */
import type { ConfigPath, IssueDraft, LineOf } from './config-issue.ts'
import { isAtOrBelow } from './domain-name.ts'
import type { FilledConfig } from './fill-config.ts'
import type { DocumentShape } from './read-shape.ts'
import { suggestNearest } from './suggest-nearest.ts'

/** Adds the issues of keys and permissions. */
export function checkTransfers(config: FilledConfig, shape: DocumentShape, lineOf: LineOf, issues: IssueDraft[]): void {
  checkTsigKeys(config, shape, lineOf, issues)
  checkUpdates(config, issues)
}

/** Keys: declared once, and every one that a zone names is declared. */
function checkTsigKeys(config: FilledConfig, shape: DocumentShape, lineOf: LineOf, issues: IssueDraft[]): void {
  const first = new Map<string, ConfigPath>()
  for (const { value, path } of config.tsigKeys) {
    const earlier = first.get(value.name)
    if (earlier === undefined) first.set(value.name, path)
    else
      issues.push({
        code: 'CONFIG_ID_DUPLICATE',
        path: [...path, 'name'],
        params: { kind: 'key', id: value.name, firstLine: lineOf(earlier) },
      })
  }
  if (shape.incomplete.has('tsigKeys')) return
  for (const { value, path } of config.zones) {
    for (const key of ['allowTransfer', 'notify', 'allowUpdate', 'primaries'] as const) {
      for (const [position, { tsigKey }] of value[key].entries()) {
        if (tsigKey === '' || first.has(tsigKey)) continue
        const nearest = suggestNearest(tsigKey, first.keys()) ?? ''
        issues.push({
          code: 'CONFIG_REFERENCE_UNKNOWN',
          path: [...path, key, position, 'tsigKey'],
          params: { kind: 'key', id: tsigKey, section: 'tsigKeys', nearest },
        })
      }
    }
  }
}

/** Updates need serials that control gives, types that exist, and names of the zone. */
function checkUpdates(config: FilledConfig, issues: IssueDraft[]): void {
  for (const { value, path } of config.zones) {
    if (value.allowUpdate.length > 0 && value.serial === 'keep' && value.primaries.length === 0)
      issues.push({ code: 'CONFIG_UPDATE_SERIAL', path: [...path, 'serial'], params: { zone: value.name } })
    for (const [position, { names }] of value.allowUpdate.entries()) {
      for (const name of names) {
        if (isAtOrBelow(name, value.name)) continue
        issues.push({ code: 'CONFIG_UPDATE_NAME', path: [...path, 'allowUpdate', position, 'names'], params: { name, zone: value.name } })
      }
    }
  }
}
