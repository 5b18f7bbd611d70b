/** Pages and the state each keeps in the URL. A page's code loads when it is first opened. */
import type { QueryClient } from '@tanstack/react-query'
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { AppShell } from './features/shell/app-shell.tsx'
import { MissingPage, PageFailed } from './features/shell/missing-page.tsx'

/** Windows of Overview, by minutes. */
export type OverviewWindow = '15m' | '1h' | '6h' | '24h'
/** Search of Overview. */
export type OverviewSearch = { readonly window?: OverviewWindow | undefined }
/** Search of the policy editor. */
export type PolicySearch = {
  readonly view?: 'matrix' | 'list' | undefined
  readonly line?: string | undefined
  readonly walk?: string | undefined
  readonly show?: 'draft' | 'live' | undefined
}
/** Search of Explain: the link that people share. */
export type ExplainSearch = {
  readonly client?: string | undefined
  readonly name?: string | undefined
  readonly type?: string | undefined
  readonly resolver?: string | undefined
}
/** Search of Endpoints. */
export type EndpointsSearch = { readonly standing?: string | undefined; readonly filter?: string | undefined }
/** Search of one generation. */
export type GenerationSearch = { readonly against?: number | undefined }

const text = (value: unknown, limit = 300): string | undefined =>
  typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, limit) || undefined : undefined
const oneOf = <T extends string>(value: unknown, allowed: readonly T[]): T | undefined =>
  allowed.includes(value as T) ? (value as T) : undefined

const root = createRootRouteWithContext<{ readonly queryClient: QueryClient }>()({
  component: AppShell,
  notFoundComponent: MissingPage,
  errorComponent: PageFailed,
})
const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: (search): OverviewSearch => ({ window: oneOf(search.window, ['15m', '1h', '6h', '24h']) }),
  component: lazyRouteComponent(() => import('./pages/overview-page.tsx'), 'OverviewPage'),
})
const endpoints = createRoute({
  getParentRoute: () => root,
  path: '/endpoints',
  validateSearch: (search): EndpointsSearch => ({
    standing: oneOf(search.standing, ['up', 'degraded', 'down', 'unknown']),
    filter: text(search.filter),
  }),
  component: lazyRouteComponent(() => import('./pages/endpoints-page.tsx'), 'EndpointsPage'),
})
const policies = createRoute({
  getParentRoute: () => root,
  path: '/policies',
  component: lazyRouteComponent(() => import('./pages/policies-page.tsx'), 'PoliciesPage'),
})
const policy = createRoute({
  getParentRoute: () => root,
  path: '/policies/$id',
  validateSearch: (search): PolicySearch => ({
    view: oneOf(search.view, ['matrix', 'list']),
    line: text(search.line),
    walk: text(search.walk),
    show: oneOf(search.show, ['draft', 'live']),
  }),
  component: lazyRouteComponent(() => import('./pages/policy-page.tsx'), 'PolicyPage'),
})
const explain = createRoute({
  getParentRoute: () => root,
  path: '/explain',
  validateSearch: (search): ExplainSearch => ({
    client: text(search.client),
    name: text(search.name),
    type: text(search.type, 16),
    resolver: text(search.resolver),
  }),
  component: lazyRouteComponent(() => import('./pages/explain-page.tsx'), 'ExplainPage'),
})
const draft = createRoute({
  getParentRoute: () => root,
  path: '/draft',
  component: lazyRouteComponent(() => import('./pages/review-page.tsx'), 'ReviewPage'),
})
const review = createRoute({
  getParentRoute: () => root,
  path: '/draft/review',
  component: lazyRouteComponent(() => import('./pages/review-page.tsx'), 'ReviewPage'),
})
const history = createRoute({
  getParentRoute: () => root,
  path: '/history',
  component: lazyRouteComponent(() => import('./pages/history-page.tsx'), 'HistoryPage'),
})
const generation = createRoute({
  getParentRoute: () => root,
  path: '/history/$generation',
  validateSearch: (search): GenerationSearch => ({
    against: /^\d{1,15}$/.test(String(search.against)) ? Number(search.against) : undefined,
  }),
  component: lazyRouteComponent(() => import('./pages/generation-page.tsx'), 'GenerationPage'),
})

const tree = root.addChildren([overview, endpoints, policies, policy, explain, draft, review, history, generation])

/** The router. */
export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({ routeTree: tree, context: { queryClient }, defaultPreload: 'intent', scrollRestoration: true })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
