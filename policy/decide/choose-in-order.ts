/**
 * `nearest`, `latency`, `auto`: the first member with the bit in the order that the compiler made for the client's class
 * (policy/compile/order-members.ts). Pure, hot. An order list holds the first ORDER_LIST_CAP members of large pools and is
 * empty where the place is unknown: the others follow in declared order. A member that keeps only a share of its clients passes the
 * others on to the next.
 */
import { KEEP_ALL, type RankingColumns } from '../../health/model/ranking.ts'
import type { Decision } from '../model/decision.ts'
import type { PolicyColumns } from '../model/policy-columns.ts'
import { keepsClient, spanOfFirst, WHOLE_SPAN } from './keep-position.ts'

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
  const autoSlot = columns.poolUseAutoSlot[poolUse]!
  const list = columns.classOrders[columns.classOrderFirst[out.class]! + autoSlot]!
  const listFirst = columns.orderFirst[list]!
  const listEnd = columns.orderFirst[list + 1]!
  for (let i = listFirst; i < listEnd; i++) {
    const m = first + columns.orderMembers[i]!
    if ((bits[2 * m + view]! & bit) === 0) continue
    if (keep[2 * m + view] === KEEP_ALL || keepsInOrder(columns, ranking, autoSlot, m, i === listFirst, view, seed, out)) {
      out.members[0] = m
      return 1
    }
  }
  const end = columns.poolUseMemberFirst[poolUse + 1]!
  for (let m = first; m < end; m++) {
    if ((bits[2 * m + view]! & bit) === 0) continue
    // Members of the list that refused refuse again.
    const isFirst = m === first && listFirst === listEnd
    if (keep[2 * m + view] === KEEP_ALL || keepsInOrder(columns, ranking, autoSlot, m, isFirst, view, seed, out)) {
      out.members[0] = m
      return 1
    }
  }
  return 0
}

function keepsInOrder(
  columns: PolicyColumns,
  ranking: RankingColumns,
  autoSlot: number,
  member: number,
  isFirst: boolean,
  view: number,
  seed: number,
  out: Decision,
): boolean {
  const span = isFirst ? spanOfFirst(columns, autoSlot, out) : WHOLE_SPAN
  return keepsClient(columns, ranking, member, view, seed, span, out)
}
