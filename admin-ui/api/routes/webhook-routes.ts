/** Webhooks: how they are doing, and a test message. What they are stands in the document (`options.webhooks`). */
import type { ApiParts } from '../api-parts.ts'
import type { RouteHandlers } from '../route-handler.ts'

/** Handlers. */
export function webhookRoutes({ webhooks }: Pick<ApiParts, 'webhooks'>): RouteHandlers<'webhooks' | 'testWebhook'> {
  return {
    webhooks: () => ({ answer: webhooks.list() }),
    testWebhook: async ({ params }) => ({ answer: await webhooks.test(params.id!) }),
  }
}
