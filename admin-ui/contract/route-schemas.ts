/** Schemas of bodies and answers by route: the server checks bodies with them, OpenAPI is made from them. Pure. */
import { z } from 'zod'
import {
  auditEntrySchema,
  sessionSchema,
  tokenAddSchema,
  tokenSchema,
  tokenSecretSchema,
  userAddSchema,
  userPasswordSchema,
  userRoleSchema,
  userSchema,
} from './access.ts'
import { documentAnswerSchema, documentCheckAnswerSchema, documentCheckSchema, documentPutSchema } from './document.ts'
import { draftPutSchema, draftSchema, reviewSchema } from './draft.ts'
import { endpointListSchema } from './endpoint.ts'
import { EVENT_KINDS, eventListSchema } from './event.ts'
import { explainAnswerSchema } from './explain.ts'
import { generationAnswerSchema, generationListSchema } from './generation.ts'
import { geodataPendingSchema, geodataRefreshAnswerSchema, geodataRefreshSchema, geodataStatusSchema } from './geodata.ts'
import { pushBodySchema, reportsAnswerSchema, sampleBatchSchema, vantageListSchema } from './health-report.ts'
import { healthScoresSchema } from './health-scores.ts'
import { healthSeriesSchema } from './health-series.ts'
import { latencyMatrixSchema, latencySamplesAnswerSchema, latencySamplesSchema } from './latency.ts'
import { LINE_KINDS, lineCatalogueSchema, lineChainSchema, lineDescriptionSchema, lineSearchSchema } from './line.ts'
import { networkCheckSchema, networkCheckWishSchema } from './network-check.ts'
import { overrideAddSchema, overrideChangeSchema, overrideCheckSchema, overrideListSchema, overrideSchema } from './override.ts'
import { policyAnswerSchema, policyListSchema, policyObjectSchema } from './policy.ts'
import { poolListSchema } from './pool.ts'
import { probeTrialsSchema, probeTrialWishSchema } from './probe-trial.ts'
import { publishAnswerSchema, publishSchema } from './publish.ts'
import type { RouteName, RouteTypes } from './routes.ts'
import { meSchema, passwordChangeSchema, signInSchema } from './session.ts'
import { standingHistorySchema } from './standing-history.ts'
import { statusSchema } from './status.ts'
import { webhookListSchema, webhookTestSchema } from './webhook.ts'
import { zoneAnswerSchema, zoneListSchema } from './zone.ts'

/** A query parameter of a route, always optional text. */
export type QueryParameter = { readonly name: string; readonly help: string; readonly required?: boolean }

/** Schemas of one route. */
export type RouteSchemas<Name extends RouteName> = {
  /** Null = the route takes no body. */
  readonly body: z.ZodType<RouteTypes[Name]['body']> | null
  /** Null = 204, or no JSON. */
  readonly answer: z.ZodType<RouteTypes[Name]['answer']> | null
  readonly query: readonly QueryParameter[]
}

const OF: QueryParameter = { name: 'of', help: 'draft (default: the draft when there is one) or live' }
const LINE_KIND: QueryParameter = { name: 'kind', help: `only this kind: ${LINE_KINDS.join(', ')}` }
const PAGE: readonly QueryParameter[] = [
  { name: 'before', help: 'only entries with a smaller number' },
  { name: 'limit', help: 'most entries, 1-500, default 50' },
]
const just = <Answer>(
  answer: z.ZodType<Answer> | null,
  query: readonly QueryParameter[] = [],
): { body: null; answer: typeof answer; query: readonly QueryParameter[] } => ({
  body: null,
  answer,
  query,
})
const takes = <Body, Answer>(
  body: z.ZodType<Body>,
  answer: z.ZodType<Answer> | null,
): { body: z.ZodType<Body>; answer: typeof answer; query: readonly QueryParameter[] } => ({
  body,
  answer,
  query: [],
})

/** All of them. */
export const ROUTE_SCHEMAS: { readonly [Name in RouteName]: RouteSchemas<Name> } = {
  signIn: takes(signInSchema, meSchema),
  me: just(meSchema),
  signOut: just(null),
  changePassword: takes(passwordChangeSchema, meSchema),
  status: just(statusSchema),
  healthScores: just(healthScoresSchema),
  pushHealth: takes(pushBodySchema, reportsAnswerSchema),
  pushSamples: takes(sampleBatchSchema, reportsAnswerSchema),
  vantages: just(vantageListSchema),
  tryProbes: takes(probeTrialWishSchema, probeTrialsSchema),
  standingHistory: just(standingHistorySchema, [{ name: 'minutes', help: 'length, 1-1440, default 60' }]),
  healthSeries: just(healthSeriesSchema, [
    { name: 'endpoint', help: 'endpoint id; up to 8 with commas between' },
    { name: 'from', help: 'RFC 3339; default 6 h before to' },
    { name: 'to', help: 'RFC 3339; default now' },
    { name: 'step', help: 'auto, raw (10 s), minute, hour; default auto' },
  ]),
  policies: just(policyListSchema, [OF]),
  policy: just(policyAnswerSchema, [OF]),
  putPolicy: takes(policyObjectSchema, policyAnswerSchema),
  deletePolicy: just(null),
  pools: just(poolListSchema, [OF]),
  endpoints: just(endpointListSchema),
  overrides: just(overrideListSchema, [{ name: 'ended', help: 'ended ones to list, 0-500, default 0' }]),
  override: just(overrideSchema),
  addOverride: takes(overrideAddSchema, overrideSchema),
  checkOverride: takes(overrideAddSchema, overrideCheckSchema),
  changeOverride: takes(overrideChangeSchema, overrideSchema),
  endOverride: just(null, [{ name: 'reason', help: 'why it is ended, at most 500 characters' }]),
  addLatencySamples: takes(latencySamplesSchema, latencySamplesAnswerSchema),
  latencyMatrix: just(latencyMatrixSchema, [
    { name: 'policy', help: 'policy whose settings and endpoints count; default the usual settings' },
  ]),
  lines: just(lineCatalogueSchema, [LINE_KIND, { name: 'parent', help: 'only what lies right in this place, e.g. cn-33' }]),
  lineSearch: just(lineSearchSchema, [
    { name: 'q', help: 'name in Chinese or English, initials, code, or address', required: true },
    LINE_KIND,
    { name: 'limit', help: 'most hits, 1-100, default 20' },
  ]),
  line: just(lineDescriptionSchema),
  lineChain: just(lineChainSchema, [{ name: 'address', help: 'address or prefix', required: true }]),
  checkNetworks: takes(networkCheckWishSchema, networkCheckSchema),
  geodata: just(geodataStatusSchema),
  geodataPending: just(geodataPendingSchema),
  confirmGeodata: just(geodataStatusSchema),
  rejectGeodata: just(geodataStatusSchema),
  refreshGeodata: takes(geodataRefreshSchema, geodataRefreshAnswerSchema),
  rollBackGeodata: just(geodataStatusSchema),
  zones: just(zoneListSchema, [
    { name: 'after', help: 'only zones whose name sorts behind this one' },
    { name: 'limit', help: 'most zones, 1-10000, default 1000' },
  ]),
  zone: just(zoneAnswerSchema, [
    { name: 'skip', help: 'records of the dynamic layer to pass over, default 0' },
    { name: 'limit', help: 'most records, 1-10000, default 1000' },
  ]),
  document: just(documentAnswerSchema, [{ name: 'format', help: 'json (default) or yaml' }]),
  checkDocument: takes(documentCheckSchema, documentCheckAnswerSchema),
  putDocument: takes(documentPutSchema, publishAnswerSchema),
  draft: just(draftSchema),
  draftDocument: just(documentAnswerSchema, [{ name: 'format', help: 'json (default) or yaml' }]),
  putDraftDocument: takes(draftPutSchema, draftSchema),
  rebaseDraft: just(draftSchema),
  discardDraft: just(null),
  reviewDraft: just(reviewSchema),
  publish: takes(publishSchema, publishAnswerSchema),
  generations: just(generationListSchema, PAGE),
  generation: just(generationAnswerSchema, [{ name: 'against', help: 'generation to compare with, default the one before' }]),
  rollBack: takes(publishSchema, publishAnswerSchema),
  explain: just(explainAnswerSchema, [
    { name: 'name', help: 'absolute name', required: true },
    { name: 'type', help: 'type word, default A' },
    { name: 'client', help: 'client address or prefix' },
    { name: 'resolver', help: 'resolver address, used without client' },
    { name: 'node', help: 'node to ask, default the first' },
  ]),
  events: just(eventListSchema, [
    ...PAGE,
    { name: 'kind', help: `only these kinds, with commas: ${EVENT_KINDS.join(', ')}` },
    { name: 'subject', help: 'only about this endpoint, policy, node, zone or generation' },
    { name: 'node', help: 'only of this node, or control' },
    { name: 'severity', help: 'only this bad or worse: info, warning, critical' },
    { name: 'since', help: 'only from this time on, RFC 3339' },
    { name: 'until', help: 'only up to this time, RFC 3339' },
  ]),
  eventStream: just(null),
  webhooks: just(webhookListSchema),
  testWebhook: just(webhookTestSchema),
  users: just(z.object({ users: z.array(userSchema) })),
  addUser: takes(userAddSchema, userPasswordSchema),
  setUserRole: takes(userRoleSchema, userSchema),
  resetUser: just(userPasswordSchema),
  removeUser: just(null),
  tokens: just(z.object({ tokens: z.array(tokenSchema) })),
  addToken: takes(tokenAddSchema, tokenSecretSchema),
  removeToken: just(null),
  sessions: just(z.object({ sessions: z.array(sessionSchema) })),
  removeSession: just(null),
  audit: just(z.object({ entries: z.array(auditEntrySchema), more: z.boolean() }), PAGE),
  openApi: just(z.unknown()),
}
