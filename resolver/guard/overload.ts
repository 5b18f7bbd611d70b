/**
 * When to shed: more comes than a thread can answer, and what waits in its socket is soon lost by the system, blindly. Then queries of
 * clients that nobody knows are passed over at the price of reading them, some tenth of an answer, so that the queue drains and those with
 * a cookie lose nothing. Pure.
 *
 *   share of the queue's memory   0 ───────── LEAVE ───── ENTER ───── 1: the system drops
 *                                  everybody      as before     only who is known
 *
 * ENTER is late: what piles up while a thread is started anew is answered, not shed. LEAVE is above a quarter, because Linux gives back
 * the memory of messages that were taken only when that much has been taken, or nothing waits (udp_rmem_release).
 */

/** Shedding begins when this share of the queue is taken. */
export const ENTER_SHARE: number = 1 / 2
/** It ends below this share. */
export const LEAVE_SHARE: number = 3 / 8

/** Whether to shed from now on, by what waits in the queue and what it can hold (in the same unit). */
export function shedsNext(sheds: boolean, waiting: number, room: number): boolean {
  return waiting >= room * (sheds ? LEAVE_SHARE : ENTER_SHARE)
}
