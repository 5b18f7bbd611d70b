/** Probe kind `tls`: a handshake with the name that clients send; the certificate is verified and its days are told. Nothing is asked. */
import type { TLSSocket } from 'node:tls'
import { openConnection } from './open-connection.ts'
import { failureOf } from './probe-error.ts'
import type { ProbeKind } from './probe-kind.ts'

/** Makes a handshake. */
export const probeTls: ProbeKind = async (spec, address, run) => {
  try {
    const socket = (await openConnection(spec, address, run, '')) as TLSSocket
    const protocol = socket.getProtocol()
    socket.destroySoon()
    const { certificateDays } = run.phases
    return { ok: true, detail: `${protocol}, certificate valid for ${certificateDays ?? 'unknown'} days` }
  } catch (error) {
    return { ok: false, ...failureOf(error, run.signal.aborted) }
  }
}
