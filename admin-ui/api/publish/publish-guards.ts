/**
 * What a publish is warned of that depends on the state of the world: a fallback that is down now, too many addresses moved. Pure.
 * The first publish is exempt: there is nobody to move, and nothing is probed yet.
 */
import type { Config } from '../../../policy/config/config-schema.ts'
import type { HealthScore } from '../../contract/health-scores.ts'
import type { Issue } from '../../contract/issue.ts'
import type { PolicyMovement } from './moved-addresses.ts'

/** What the guards look at. */
export type GuardInput = {
  readonly config: Config
  /** Null = no node answers, so health is not known. */
  readonly scores: readonly HealthScore[] | null
  readonly movement: readonly PolicyMovement[]
}

/** Warnings of the guards, and a note when they could not be judged. */
export function checkGuards(input: GuardInput): readonly Issue[] {
  const issues: Issue[] = []
  if (input.scores === null) {
    issues.push(
      makeGuard(
        'PUBLISH_HEALTH_UNKNOWN',
        'note',
        '',
        {},
        'no node answers, so who moves is judged as if every endpoint were up',
        'publish again later if that matters',
      ),
    )
  }
  for (const [position, policy] of input.config.policies.entries()) {
    const path = `policies[${position}]`
    if (isFallbackDown(input.config, policy.fallback, input.scores ?? [])) {
      const message = `every endpoint of the fallback of policy "${policy.id}" is down now`
      issues.push(
        makeGuard(
          'PUBLISH_FALLBACK_DOWN',
          'warning',
          `${path}.fallback`,
          { policy: policy.id },
          message,
          'name a pool that is up, or accept it',
        ),
      )
    }
    const movedPercent = input.movement.find((moved) => moved.policy === policy.id)?.movedPercent ?? 0
    const limitPercent = policy.guards.maxMovedPercent
    if (movedPercent > limitPercent) {
      const params = { policy: policy.id, movedPercent: Math.round(movedPercent * 10) / 10, limitPercent }
      const message = `${params.movedPercent} % of the addresses of policy "${policy.id}" get another answer, the limit is ${limitPercent} %`
      issues.push(
        makeGuard('PUBLISH_MOVES_MANY', 'warning', path, params, message, 'look at who moves, then accept it or make a smaller change'),
      )
    }
  }
  return issues
}

function isFallbackDown(config: Config, poolIds: readonly string[], scores: readonly HealthScore[]): boolean {
  const endpoints = poolIds.flatMap((id) => config.pools.find((pool) => pool.id === id)?.members.map((member) => member.endpoint) ?? [])
  return endpoints.length > 0 && endpoints.every((id) => isDown(config, id, scores))
}

function isDown(config: Config, id: string, scores: readonly HealthScore[]): boolean {
  const endpoint = config.endpoints.find((candidate) => candidate.id === id)
  if (endpoint === undefined || !endpoint.enabled) return true
  // A changed address is a new one: what is known of the old does not count.
  const addresses = [endpoint.ipv4, endpoint.ipv6, endpoint.target].filter((text) => text !== '')
  return addresses.every((address) => {
    const reports = scores.filter((score) => score.endpoint === id && score.address === address)
    return reports.length > 0 && reports.every(isOut)
  })
}

/** An operator's word goes before what was measured. */
function isOut({ standing, override }: HealthScore): boolean {
  if (override?.action === 'up') return false
  return standing === 'down' || override?.action === 'down' || override?.sharePercent === 0
}

function makeGuard(
  code: string,
  severity: Issue['severity'],
  path: string,
  params: Issue['params'],
  message: string,
  suggestion: string,
): Issue {
  return { code, severity, path, params, message, suggestion, where: null }
}
