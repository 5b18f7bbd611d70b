/**
 * Publish guards that depend on the state of now: warnings to acknowledge, kept in the audit. Structural errors are the parser's and
 * the compiler's. Pure. A first publish has no `diff`.
 */
import type { IssueDraft } from '../config/config-issue.ts'
import type { Config } from '../config/config-schema.ts'
import type { DecisionDiff } from './diff-decisions.ts'

/** A warning for each policy that moves more addresses than it allows, and for each whose fallback is down now. */
export function checkPublish(config: Config, diff: DecisionDiff | null, downFallbacks: readonly string[]): IssueDraft[] {
  return config.policies.flatMap((policy, position) => {
    const issues: IssueDraft[] = []
    if (downFallbacks.includes(policy.id)) {
      issues.push({ code: 'POLICY_FALLBACK_DOWN', path: ['policies', position, 'fallback'], params: { policy: policy.id } })
    }
    const moved = diff?.policies.find((candidate) => candidate.policy === policy.id)
    const percent = moved === undefined ? 0 : Math.max(moved.movedPercent4, moved.movedPercent6)
    if (percent > policy.guards.maxMovedPercent) {
      const params = { policy: policy.id, percent: percent.toFixed(1), limitPercent: policy.guards.maxMovedPercent }
      issues.push({ code: 'POLICY_MOVED', path: ['policies', position], params })
    }
    return issues
  })
}
