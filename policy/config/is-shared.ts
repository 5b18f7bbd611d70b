/** Which pools may keep a share of their clients by what the document says: drains come besides, and can hit any. Pure. */
import type { Endpoint, Pool } from './config-schema.ts'

/** Whether a member of the pool starts slowly or sheds load. */
export function isShared(pool: Pool, endpoints: ReadonlyMap<string, Endpoint>): boolean {
  return pool.slowStartSeconds > 0 || pool.members.some(({ endpoint }) => endpoints.get(endpoint)?.capacity !== undefined)
}

/** Whether a pool splits its clients into shares in any way, weights included: by whole countries they would be no shares. */
export function hasShares(pool: Pool, endpoints: ReadonlyMap<string, Endpoint>): boolean {
  return pool.choose === 'weighted' || isShared(pool, endpoints)
}
