/** Policies and pools: of the caller's draft or of live. Edits go into the draft. */

import type { Line } from '../../../policy/config/config-schema.ts'
import { makeLine } from '../../../policy/config/fill-lines.ts'
import type { Issue } from '../../contract/issue.ts'
import type { PolicyAnswer, PolicyObject, PolicySummary } from '../../contract/policy.ts'
import type { PoolSummary } from '../../contract/pool.ts'
import { ApiError } from '../api-error.ts'
import type { ApiParts } from '../api-parts.ts'
import { type Desk, etagOf, policiesOf } from '../publish/draft-desk.ts'
import { type ApiRequest, callerOf, checkPrecondition, type RouteHandlers } from '../route-handler.ts'

type Names = 'policies' | 'policy' | 'putPolicy' | 'deletePolicy' | 'pools'
type Plain = Readonly<Record<string, unknown>>

/** Handlers. */
export function policyRoutes({ drafts, lines, store }: ApiParts): RouteHandlers<Names> {
  const view = async (desk: Desk, policy: PolicyObject): Promise<PolicyAnswer> => {
    const checked = await drafts.check(desk)
    const keys = [...new Set(policy.rules.map((rule) => rule.line))]
    return {
      policy,
      etag: etagOf(policy),
      of: desk.of,
      generation: desk.baseGeneration,
      issues: issuesByPolicy(checked.issues)(policiesOf(desk.value).findIndex(({ id }) => id === policy.id)),
      lines: keys.map((line) => lines.describe(line, customOf(desk))),
    }
  }
  return {
    policies: async (request) => {
      const desk = openDesk(request, drafts)
      const live = policiesOf(drafts.open('', 'live').value)
      const issuesOf = issuesByPolicy((await drafts.check(desk)).issues)
      const namesOf = namesByPolicy(desk)
      const liveById = new Map(live.map((policy) => [policy.id, policy]))
      const list = policiesOf(desk.value)
      const present = list.map((policy, position) =>
        summarise(policy, namesOf(policy.id), issuesOf(position), draftState(policy, liveById.get(policy.id), desk)),
      )
      const ids = new Set(present.map((policy) => policy.id))
      const removed =
        desk.of === 'live'
          ? []
          : live.filter((policy) => !ids.has(policy.id)).map((policy) => summarise(policy, namesOf(policy.id), [], 'removed'))
      return { answer: { generation: store.latestGenerationNumber(), policies: [...present, ...removed] } }
    },
    policy: async (request) => {
      const desk = openDesk(request, drafts)
      const answer = await view(desk, findPolicy(desk, request.params.id!))
      return { answer, etag: answer.etag }
    },
    putPolicy: async (request) => {
      const { user } = callerOf(request)
      const id = request.params.id!
      if (request.body.id !== id)
        throw new ApiError('API_PARAMETER', `the policy in the body is "${request.body.id}", the one of the path "${id}"`)
      const before = policiesOf(drafts.open(user, 'draft').value).find((policy) => policy.id === id)
      checkPrecondition(request, before === undefined ? undefined : etagOf(before), true)
      drafts.savePolicy(user, id, request.body)
      const desk = drafts.open(user, 'draft')
      const answer = await view(desk, findPolicy(desk, id))
      return { status: before === undefined ? 201 : 200, answer, etag: answer.etag }
    },
    deletePolicy: (request) => {
      const { user } = callerOf(request)
      const before = findPolicy(drafts.open(user, 'draft'), request.params.id!)
      checkPrecondition(request, etagOf(before), true)
      drafts.savePolicy(user, before.id, undefined)
      return { answer: undefined }
    },
    pools: (request) => {
      const desk = openDesk(request, drafts)
      return {
        answer: { generation: store.latestGenerationNumber(), pools: listOf(desk.value.pools).map((pool) => summarisePool(desk, pool)) },
      }
    },
  }
}

function openDesk(request: ApiRequest, drafts: ApiParts['drafts']): Desk {
  const of = request.query('of') ?? 'draft'
  if (of !== 'draft' && of !== 'live') throw new ApiError('API_PARAMETER', `of "${of.slice(0, 20)}" is neither draft nor live`)
  return drafts.open(callerOf(request).user, of)
}

/** The policy in a shape that every client can show: a draft may hold one with anything missing. */
function findPolicy(desk: Desk, id: string): PolicyObject {
  const policy = policiesOf(desk.value).find((candidate) => candidate.id === id)
  if (policy === undefined) throw new ApiError('POLICY_UNKNOWN', `there is no policy "${id}"`)
  return {
    ...policy,
    rules: listOf(policy.rules).map((rule) => ({ ...rule, line: String(rule.line), pools: textsOf(rule.pools) })),
    fallback: textsOf(policy.fallback),
  }
}

function summarise(
  policy: PolicyObject,
  names: PolicySummary['names'],
  issues: readonly Issue[],
  draft: PolicySummary['draft'],
): PolicySummary {
  const rules = listOf(policy.rules)
  return {
    id: policy.id,
    names,
    ruleCount: rules.length,
    pools: [...new Set([...rules.flatMap((rule) => textsOf(rule.pools)), ...textsOf(policy.fallback)])],
    precedence: policy.precedence ?? 'place-first',
    inherit: policy.inherit ?? true,
    issues,
    draft,
  }
}

/** A document may have 100,000 names: looked through once. */
function namesByPolicy(desk: Desk): (policy: string) => PolicySummary['names'] {
  const found = new Map<unknown, PolicySummary['names'][number][]>()
  for (const name of listOf(desk.value.names)) {
    const names = found.get(name.policy) ?? []
    names.push({ name: String(name.name), types: textsOf(name.types) })
    found.set(name.policy, names)
  }
  return (policy) => found.get(policy) ?? []
}

function draftState(policy: PolicyObject, was: PolicyObject | undefined, desk: Desk): PolicySummary['draft'] {
  if (desk.of === 'live') return 'same'
  if (was === undefined) return 'added'
  return etagOf(was) === etagOf(policy) ? 'same' : 'changed'
}

/** Issues at or below a policy's place in the document, by its position there. */
function issuesByPolicy(issues: readonly Issue[]): (position: number) => readonly Issue[] {
  const found = new Map<number, Issue[]>()
  for (const issue of issues) {
    const [, position] = /^policies\[(\d+)\](?=$|[.[])/.exec(issue.path) ?? []
    if (position === undefined) continue
    const own = found.get(Number(position)) ?? []
    own.push(issue)
    found.set(Number(position), own)
  }
  return (position) => found.get(position) ?? []
}

function summarisePool(desk: Desk, pool: Plain): PoolSummary {
  const id = String(pool.id)
  const usedBy = policiesOf(desk.value).filter((policy) =>
    [...textsOf(policy.fallback), ...listOf(policy.rules).flatMap((rule) => textsOf(rule.pools))].includes(id),
  )
  return {
    id,
    choose: (pool.choose as PoolSummary['choose'] | undefined) ?? 'best',
    minimumUp: typeof pool.minimumUp === 'number' ? pool.minimumUp : 1,
    members: listOf(pool.members).map((member) => ({
      endpoint: String(member.endpoint),
      weight: typeof member.weight === 'number' ? member.weight : 1,
    })),
    usedBy: usedBy.map((policy) => policy.id),
  }
}

/** Custom lines with what a draft may leave out. */
function customOf(desk: Desk): readonly Line[] {
  return listOf(desk.value.lines).map((line) => {
    const label = (line.label ?? {}) as Readonly<Record<string, string>>
    return makeLine(String(line.id), { en: label.en ?? '', 'zh-CN': label['zh-CN'] ?? '' }, textsOf(line.prefixes))
  })
}

function listOf(value: unknown): readonly Plain[] {
  return Array.isArray(value) ? (value.filter((element) => typeof element === 'object' && element !== null) as Plain[]) : []
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((element) => typeof element === 'string') : []
}
