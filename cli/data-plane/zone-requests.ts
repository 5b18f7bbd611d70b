/** UPDATE and NOTIFY of a node: its desk over the link to control. Shell (clocks). */
import type { FleetLink } from '../../cluster/fleet-transport.ts'
import type { UpdateVerdict } from '../../cluster/zone-asks.ts'
import { createRequestDesk, type RequestDesk } from '../../resolver/transfer/request-desk.ts'
import type { ProcessLog } from '../process-log.ts'
import type { RequestParts } from './data-plane.ts'

/** Control answers when an update is durable: a publish takes a fraction of a second, a large document some. */
const UPDATE_TIMEOUT_MS = 30_000
const NOTIFY_TIMEOUT_MS = 5000

/** What startDataPlane wants. */
export function nodeZoneRequests(link: FleetLink, log: ProcessLog): (parts: RequestParts) => RequestDesk {
  return (parts) =>
    createRequestDesk({
      ...parts,
      nowSeconds: () => Math.floor(Date.now() / 1000),
      nowMonotonicMs: () => performance.now(),
      askUpdate: async (ask) => (await link.ask('update', ask, UPDATE_TIMEOUT_MS)) as UpdateVerdict,
      tellNotify: (ask) => link.ask('notify', ask, NOTIFY_TIMEOUT_MS),
      onProblem: (what) => log.warn({ what }, 'updates and NOTIFY'),
    })
}
