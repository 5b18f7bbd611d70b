/** What the main thread of a node hands to its answering workers: set-up, and the messages of a swap. Pure types. */
import type { MessagePort } from 'node:worker_threads'
import type { RankingShape } from '../../health/model/ranking.ts'
import type { GuardSettings } from '../guard/guard.ts'
import type { PolicyCounterShape } from '../observe/counters.ts'
import type { QueryTapSetup } from '../observe/query-log-ring.ts'
import type { TransferContent } from '../transfer/transfer-access.ts'
import type { Certificate, TlsSecrets } from './certificate.ts'
import type { TcpLimits } from './connection-table.ts'
import type { ListenAddress } from './listen-address.ts'

/**
 * A socket of a worker: a descriptor, or an address that it opens itself (systems without koffi). A blocking UDP loop only borrows
 * its descriptor; node's own sockets (TCP, node:dgram) close theirs, so they are given a duplicate.
 */
export type SocketSource = { readonly fd: number; readonly family: 4 | 6 } | { readonly listen: ListenAddress; readonly reusePort: boolean }

/** Transport that a socket of the stream worker is for. */
export type StreamKind = 'tcp' | 'dot' | 'doh'

/** A socket of the stream worker. */
export type StreamSource = SocketSource & { readonly kind: StreamKind }

/** What encrypted transports need; there when one of them listens. */
export type EncryptedSetup = {
  readonly certificate: Certificate
  readonly secrets: TlsSecrets
  /** Path of DNS over HTTPS. */
  readonly dohPath: string
}

/** Settings of answering that are the process's, not the document's. */
export type AnswerSettings = {
  /** Name given to NSID and version questions; empty = none. */
  readonly identity: string
  /** Neighbouring UDP replies to one client leave as one burst (send-batch.ts). */
  readonly replyBursts: boolean
  /** Limits for clients without a cookie. */
  readonly guard: GuardSettings
}

/** `workerData` of an answering worker. */
export type WorkerSetup = {
  readonly worker: number
  /** Control block (live-state.ts). */
  readonly control: Int32Array
  /** Stripe of counters (counters.ts). */
  readonly stripe: Float64Array
  /** Ring of failed packets (failed-packets.ts). */
  readonly failedPackets: Uint8Array
  /** Ring of the query log (query-log-ring.ts); undefined = off. */
  readonly queryTap: QueryTapSetup | undefined
  /** Swap messages. */
  readonly swaps: MessagePort
  /** UPDATE and NOTIFY are handed on to the main thread. */
  readonly handsOn: boolean
  /** Those of an answer thread. */
  readonly sources: readonly SocketSource[]
  /** Those of the stream worker. */
  readonly streamSources: readonly StreamSource[]
  /** Stripes of the stream worker for DNS over TLS and over HTTPS; `stripe` is that of TCP. */
  readonly dotStripe: Float64Array
  readonly dohStripe: Float64Array
  readonly encrypted: EncryptedSetup | undefined
  readonly settings: AnswerSettings
  /** Shared memory of resolver/guard. */
  readonly guard: SharedArrayBuffer
  /** Limits of the stream worker. */
  readonly tcpLimits: TcpLimits
}

/** A new generation with its first ranking. */
export type SwapMessage = {
  /** Rises with every message; acknowledged in the control block. */
  readonly number: number
  readonly generation: number
  /** The snapshot's block; may be larger than its content. */
  readonly block: SharedArrayBuffer
  /** Shared ranking (health/model/ranking.ts), followed by the policy counters of all workers. */
  readonly ranking: SharedArrayBuffer
  readonly shape: RankingShape
  /** Offset of this worker's policy counters in `ranking`. */
  readonly countersOffset: number
  readonly counterShape: PolicyCounterShape
}

/** Memory of earlier generations was given up: collect it now (a thread that makes no garbage never would by itself). */
export type CollectMessage = { readonly number: number; readonly collect: true }
/** Keys, permissions and journals changed. Sent before the swap to the generation that they speak of. */
export type TransferMessage = { readonly number: number; readonly transfers: TransferContent }
/** Certificate and secrets for new connections. */
export type CertificateMessage = { readonly number: number; readonly certificate: Certificate; readonly secrets: TlsSecrets }
/** Reply to a message that the worker handed on (RequestMessage). */
export type LaterReplyMessage = { readonly number: number; readonly reply: { readonly request: number; readonly message: Uint8Array } }
/** What comes over `swaps`. */
export type WorkerMessage = SwapMessage | CollectMessage | TransferMessage | CertificateMessage | LaterReplyMessage
/** What goes back over it: an UPDATE or NOTIFY for the main thread. */
export type RequestMessage = {
  /** Rises; the reply names it. */
  readonly request: number
  readonly message: Uint8Array
  /** Address of the asker, four words. */
  readonly source: Uint32Array
}
