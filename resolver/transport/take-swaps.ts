/** The worker's end of a swap: takes the waiting messages of its port and makes the newest generation its own. Shell; shared by both kinds of workers. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { viewSharedRanking } from '../../health/model/ranking.ts'
import { type PolicyCounterShape, policyCounterCells } from '../observe/counters.ts'
import { attachAnswerTables } from '../snapshot/attach-snapshot.ts'
import { type LiveState, replaceSnapshot } from '../snapshot/live-state.ts'
import type { TransferContent } from '../transfer/transfer-access.ts'
import type { Certificate, TlsSecrets } from './certificate.ts'
import type { WorkerMessage } from './worker-setup.ts'

/** Policy counters of the live generation, written by this worker only. */
export type PolicyCounters = { cells: Float64Array; shape: PolicyCounterShape }

/** Counters before the first generation: nothing to count. */
export function createPolicyCounters(): PolicyCounters {
  return { cells: new Float64Array(0), shape: { ruleCount: 0, policyCount: 0 } }
}

/** Makes the function that takes all waiting messages; it returns the number of the last one, 0 when none waited. */
export function createSwapTaker(
  port: MessagePort,
  live: LiveState,
  counters: PolicyCounters,
  takeTransfers: (content: TransferContent) => void,
  takeCertificate: (certificate: Certificate, secrets: TlsSecrets) => void = () => undefined,
  takeReply: (request: number, message: Uint8Array) => void = () => undefined,
): () => number {
  return () => {
    let number = 0
    for (;;) {
      const received = receiveMessageOnPort(port) as { readonly message: WorkerMessage } | undefined
      if (received === undefined) return number
      const { message } = received
      number = message.number
      if ('collect' in message) {
        collectGarbage()
        continue
      }
      if ('transfers' in message) {
        takeTransfers(message.transfers)
        continue
      }
      if ('reply' in message) {
        takeReply(message.reply.request, message.reply.message)
        continue
      }
      if ('certificate' in message) {
        takeCertificate(message.certificate, message.secrets)
        continue
      }
      replaceSnapshot(live, attachAnswerTables(message.block, message.generation), viewSharedRanking(message.ranking, message.shape))
      counters.shape = message.counterShape
      counters.cells = new Float64Array(message.ranking, message.countersOffset, policyCounterCells(message.counterShape))
    }
  }
}

let collect: (() => void) | undefined

/** Runs the garbage collector of this thread (9–21 ms measured; queries wait in their sockets meanwhile). */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc')
    collect = runInNewContext('gc') as () => void
  }
  collect()
}
