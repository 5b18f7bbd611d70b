/** Probe kind `tcp`: a connection is made and closed again. */
import { connect } from 'node:net'
import { failureOf } from './probe-error.ts'
import type { ProbeKind } from './probe-kind.ts'

/** Connects to the port. */
export const probeTcp: ProbeKind = (spec, address, signal, now) =>
  new Promise((resolve) => {
    const startedMs = now()
    const socket = connect({ host: address, port: spec.port, autoSelectFamily: false })
    const end = (outcome: Awaited<ReturnType<ProbeKind>>): void => {
      signal.removeEventListener('abort', abort)
      socket.destroy()
      resolve(outcome)
    }
    const abort = (): void => end({ ok: false, ...failureOf(undefined, true) })
    if (signal.aborted) {
      abort()
      return
    }
    signal.addEventListener('abort', abort)
    socket.once('connect', () => end({ ok: true, connectMs: now() - startedMs }))
    socket.on('error', (error) => end({ ok: false, ...failureOf(error, false) }))
  })
