/** What the console reads, each with its key and how long it counts as fresh. Writing is in the features. */
import { QueryClient, queryOptions } from '@tanstack/react-query'
import { ApiProblem, callApi } from './api-client.ts'

/** Health changes often; the event stream asks for it sooner. */
export const HEALTH_REFRESH_MS = 5000
const STATUS_REFRESH_MS = 5000

/** The client: a request that failed for a reason which stays is not repeated. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        refetchOnWindowFocus: true,
        retry: (count, error) => count < 2 && (!(error instanceof ApiProblem) || error.status === 0 || error.status >= 500),
        retryDelay: (count) => 500 * 2 ** count,
      },
    },
  })
}

/** Who I am. */
export const meQuery = () =>
  queryOptions({ queryKey: ['me'], queryFn: ({ signal }) => callApi('me', { signal }), staleTime: 60_000, retry: false })
/** Key numbers and nodes. */
export const statusQuery = () =>
  queryOptions({ queryKey: ['status'], queryFn: ({ signal }) => callApi('status', { signal }), refetchInterval: STATUS_REFRESH_MS })
/** Endpoints of live with their health. */
export const endpointsQuery = () =>
  queryOptions({ queryKey: ['endpoints'], queryFn: ({ signal }) => callApi('endpoints', { signal }), refetchInterval: HEALTH_REFRESH_MS })
/** Strips. */
export const historyQuery = (minutes: number) =>
  queryOptions({
    queryKey: ['standing-history', minutes],
    queryFn: ({ signal }) => callApi('standingHistory', { query: { minutes }, signal }),
    refetchInterval: 15_000,
    placeholderData: (previous) => previous,
  })
/** Newest events. */
export const eventsQuery = (limit: number) =>
  queryOptions({
    queryKey: ['events', limit],
    queryFn: ({ signal }) => callApi('events', { query: { limit }, signal }),
    refetchInterval: 30_000,
  })
/** Open overrides. */
export const overridesQuery = () =>
  queryOptions({ queryKey: ['overrides'], queryFn: ({ signal }) => callApi('overrides', { signal }), refetchInterval: HEALTH_REFRESH_MS })
/** Policies. */
export const policiesQuery = (of: 'draft' | 'live') =>
  queryOptions({ queryKey: ['policies', of], queryFn: ({ signal }) => callApi('policies', { query: { of }, signal }) })
/** One policy. */
export const policyQuery = (id: string, of: 'draft' | 'live') =>
  queryOptions({ queryKey: ['policy', id, of], queryFn: ({ signal }) => callApi('policy', { params: { id }, query: { of }, signal }) })
/** Pools. */
export const poolsQuery = (of: 'draft' | 'live') =>
  queryOptions({ queryKey: ['pools', of], queryFn: ({ signal }) => callApi('pools', { query: { of }, signal }) })
/** Places, carriers, custom lines: one large answer, asked once. */
export const catalogueQuery = () =>
  queryOptions({ queryKey: ['lines'], queryFn: ({ signal }) => callApi('lines', { signal }), staleTime: 600_000, gcTime: 3_600_000 })
/** Lines by whatever is typed. */
export const lineSearchQuery = (q: string) =>
  queryOptions({
    queryKey: ['line-search', q],
    queryFn: ({ signal }) => callApi('lineSearch', { query: { q, limit: 40 }, signal }),
    enabled: q.trim() !== '',
    staleTime: 60_000,
    placeholderData: (previous) => previous,
  })
/** Chain of an address. */
export const lineChainQuery = (address: string) =>
  queryOptions({
    queryKey: ['line-chain', address],
    queryFn: ({ signal }) => callApi('lineChain', { query: { address }, signal }),
    enabled: address !== '',
    staleTime: 60_000,
    retry: false,
  })
/** My draft. */
export const draftQuery = () => queryOptions({ queryKey: ['draft'], queryFn: ({ signal }) => callApi('draft', { signal }) })
/** Review of my draft; compiles, so it is only asked on its page. */
export const reviewQuery = () =>
  queryOptions({ queryKey: ['review'], queryFn: ({ signal }) => callApi('reviewDraft', { signal }), staleTime: 0, gcTime: 0, retry: false })
/** History. */
export const generationsQuery = (before?: number) =>
  queryOptions({
    queryKey: ['generations', before ?? 0],
    queryFn: ({ signal }) => callApi('generations', { query: { limit: 50, before }, signal }),
  })
/** One generation with its changes. */
export const generationQuery = (generation: number, against?: number) =>
  queryOptions({
    queryKey: ['generation', generation, against ?? -1],
    queryFn: ({ signal }) => callApi('generation', { params: { generation }, query: { against }, signal }),
    staleTime: 600_000,
  })
/** A question to explain. */
export type Question = { readonly client: string; readonly name: string; readonly type: string; readonly resolver?: string | undefined }
/** Why a client gets its answer. */
export const explainQuery = (question: Question, refresh = false) =>
  queryOptions({
    queryKey: ['explain', question],
    queryFn: ({ signal }) => callApi('explain', { query: question, signal }),
    enabled: question.name !== '' && (question.client !== '' || (question.resolver ?? '') !== ''),
    staleTime: 0,
    retry: false,
    ...(refresh ? { refetchInterval: HEALTH_REFRESH_MS } : {}),
  })
