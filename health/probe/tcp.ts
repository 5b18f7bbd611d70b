/** Probe kind `tcp`: a connection is made and closed again. */
import { openConnection } from './open-connection.ts'
import { failureOf } from './probe-error.ts'
import type { ProbeKind } from './probe-kind.ts'

/** Connects to the port. */
export const probeTcp: ProbeKind = async (spec, address, run) => {
  try {
    const socket = await openConnection(spec, address, run)
    socket.destroySoon()
    return { ok: true }
  } catch (error) {
    return { ok: false, ...failureOf(error, run.signal.aborted) }
  }
}
