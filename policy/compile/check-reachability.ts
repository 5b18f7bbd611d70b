/**
 * Rules that never answer: no address of the geodata (and no custom prefix) puts a client on them, or another rule stands in front
 * of them everywhere and hands nothing over. Read off the compiled classes, so it cannot disagree with decide(). Pure.
 */
import type { IssueDraft } from '../config/config-issue.ts'
import type { Config, Policy } from '../config/config-schema.ts'
import type { PolicyColumns, PolicyNames } from '../model/policy-columns.ts'

const CUSTOM = 'custom:'

/** A warning for each rule that no client can reach. */
export function checkReachability(config: Config, columns: PolicyColumns, names: PolicyNames): IssueDraft[] {
  const reachedByTable = collectReachedSlots(columns)
  const policyNumber = new Map(names.policies.map((id, number) => [id, number]))
  return config.policies.flatMap((policy, position) => {
    const number = policyNumber.get(policy.id)!
    const reached = reachedByTable[columns.policyTable[number]!]!
    const firstRule = columns.policyRuleFirst[number]!
    const endRule = columns.policyRuleFirst[number + 1]!
    const unreached = new Set<string>()
    for (let rule = firstRule; rule < endRule; rule++) if (!reached.has(rule - firstRule)) unreached.add(names.ruleLines[rule]!)
    return policy.rules.flatMap((rule, at) => (unreached.has(rule.line) ? [unreachable(config, policy, rule.line, position, at)] : []))
  })
}

/** Rule slots that occur in a class of each table. */
function collectReachedSlots(columns: PolicyColumns): Set<number>[] {
  return Array.from(columns.tableFirst4, (first4, table) => {
    const reached = new Set<number>()
    const classes = new Set<number>()
    const first6 = columns.tableFirst6[table]!
    for (let at = first4; at < first4 + columns.tableCount4[table]!; at++) classes.add(columns.tableClass4[at]!)
    for (let at = first6; at < first6 + columns.tableCount6[table]!; at++) classes.add(columns.tableClass6[at]!)
    for (const number of classes) {
      for (let at = columns.classSlotFirst[number]!; at < columns.classSlotFirst[number + 1]!; at++) reached.add(columns.classSlots[at]!)
    }
    return reached
  })
}

function unreachable(config: Config, policy: Policy, line: string, position: number, at: number): IssueDraft {
  return {
    code: 'POLICY_RULE_UNREACHABLE',
    path: ['policies', position, 'rules', at, 'line'],
    params: {
      policy: policy.id,
      line,
      reason: unreachedReason(config, policy, line),
    },
  }
}

function unreachedReason(config: Config, policy: Policy, line: string): string {
  if (line === '*') return 'every address is on a more specific line of this policy'
  if (line.startsWith(CUSTOM)) {
    const lineId = line.slice(CUSTOM.length)
    const isEmpty = config.lines.some(({ id, prefixes }) => id === lineId && prefixes.length === 0)
    return isEmpty ? 'it holds no network' : 'longer networks of other lines cover all of it, and inherit is false'
  }
  return policy.inherit
    ? 'no address of the geodata is on this line'
    : 'no address of the geodata is on this line, or all of them are on a more specific line of this policy'
}
