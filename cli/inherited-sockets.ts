/**
 * Listening sockets handed down as descriptors from 3 on: by our supervisor (NEARCAST_INHERITED_SOCKETS = how many) or by systemd
 * (LISTEN_FDS, LISTEN_PID; sd_listen_fds(3)). Shell. The variables are removed, so that no grandchild takes them for its own.
 */
import { libcUnavailable } from '../resolver/transport/libc.ts'
import { adoptSocket, type ListeningSocket } from '../resolver/transport/raw-socket.ts'
import { ProductError } from './product-error.ts'

/** First descriptor that is handed down. */
export const FIRST_INHERITED_FD = 3
/** Variable of our own supervisor. */
export const INHERITED_VARIABLE = 'NEARCAST_INHERITED_SOCKETS'

/** Variable of our own supervisor: what each descriptor is for, as in LISTEN_FDNAMES. */
export const INHERITED_NAMES_VARIABLE = 'NEARCAST_INHERITED_NAMES'

/** Takes over what was handed down; empty when nothing was. */
export function takeInheritedSockets(environment: Record<string, string | undefined>, pid: number): ListeningSocket[] {
  const own = environment[INHERITED_VARIABLE]
  const systemd = environment.LISTEN_PID === String(pid) ? environment.LISTEN_FDS : undefined
  // FileDescriptorName= of a socket unit: "dot" and "doh" are for DNS over TLS and HTTPS, everything else by its kind.
  const names = ((own === undefined ? environment.LISTEN_FDNAMES : environment[INHERITED_NAMES_VARIABLE]) ?? '').split(':')
  for (const name of [INHERITED_VARIABLE, INHERITED_NAMES_VARIABLE, 'LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES']) delete environment[name]
  const count = Number(own ?? systemd ?? 0)
  if (!Number.isInteger(count) || count <= 0) return []
  const missing = libcUnavailable()
  if (missing !== undefined) {
    throw new ProductError(
      'TRANSPORT_INHERITED_FD',
      `inherited sockets cannot be used here: ${missing}`,
      'use --listen instead of socket activation',
    )
  }
  return Array.from({ length: count }, (_, n) => adoptSocket(FIRST_INHERITED_FD + n, names[n]))
}
