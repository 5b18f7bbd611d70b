/**
 * `nearest`, `latency`, `auto`: the first member with the bit in the order that the compiler made for the client's class
 * (policy/compile/order-members.ts). Pure, hot. An order list holds the first ORDER_LIST_CAP members of large pools and is
 * empty where the place is unknown: the others follow in declared order. A member that keeps only a share of its clients passes the
 * others on to the next.
 */
import { KEEP_ALL, type RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { keepsByPlace } from './keep-position.ts'

/** Picks one member: by the class's order list, else by declared order. */
export function chooseInOrder(
  columns: PolicyColumns,
  ranking: RankingColumns,
  poolUse: number,
  view: number,
  bit: number,
  seed: number,
  _draw: number,
  out: Decision,
): number {
  const bits = ranking.memberBits
  const keep = ranking.memberKeep
  const first = columns.poolUseMemberFirst[poolUse]!
  const list = columns.classOrders[columns.classOrderFirst[out.class]! + columns.poolUseAutoSlot[poolUse]!]!
  const listEnd = columns.orderFirst[list + 1]!
  for (let i = columns.orderFirst[list]!; i < listEnd; i++) {
    const m = first + columns.orderMembers[i]!
    if ((bits[2 * m + view]! & bit) === 0) continue
    if (keep[2 * m + view] === KEEP_ALL || keepsByPlace(columns, ranking, poolUse, m, view, seed, out)) {
      out.members[0] = m
      return 1
    }
  }
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  for (let m = first; m < end; m++) {
    if ((bits[2 * m + view]! & bit) === 0) continue
    // Members of the list that refused refuse again.
    if (keep[2 * m + view] === KEEP_ALL || keepsByPlace(columns, ranking, poolUse, m, view, seed, out)) {
      out.members[0] = m
      return 1
    }
  }
  return 0
}
