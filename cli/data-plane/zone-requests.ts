/** UPDATE and NOTIFY of a node: its desk over the link to control. Shell (clocks). */
import type { FleetLink } from '../../cluster/fleet-transport.ts'
import type { UpdateAsk, UpdateVerdict } from '../../cluster/zone-asks.ts'
import { createRequestDesk, type RequestDesk } from '../../resolver/transfer/request-desk.ts'
import type { ProcessLog } from '../process-log.ts'
import type { RequestParts } from './data-plane.ts'

/** Control answers when an update is durable: a publish takes a fraction of a second, a large document some. */
const UPDATE_TIMEOUT_MS = 30_000
/** Control has this much less for it, so that an update that the client was told nothing good of is hardly ever done afterwards. */
const UPDATE_MARGIN_MS = 5000
const NOTIFY_TIMEOUT_MS = 5000

/** What startDataPlane wants. */
export function nodeZoneRequests(link: FleetLink, log: ProcessLog): (parts: RequestParts) => RequestDesk {
  return (parts) =>
    createRequestDesk({
      ...parts,
      nowSeconds: () => Math.floor(Date.now() / 1000),
      nowMonotonicMs: () => performance.now(),
      askUpdate: async (ask) => {
        const expiresAt = Date.now() + UPDATE_TIMEOUT_MS - UPDATE_MARGIN_MS
        return (await link.ask('update', { ...ask, expiresAt } satisfies UpdateAsk, UPDATE_TIMEOUT_MS)) as UpdateVerdict
      },
      tellNotify: (ask) => link.ask('notify', ask, NOTIFY_TIMEOUT_MS),
      onProblem: (what) => log.warn({ what }, 'updates and NOTIFY'),
    })
}
