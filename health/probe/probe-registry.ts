/** The probe kinds by name. */
import type { ProbeSpec } from '../model/rank-plan.ts'
import { probeHttp } from './http.ts'
import type { ProbeKind } from './probe-kind.ts'
import { probeTcp } from './tcp.ts'

/** Every kind. */
export const PROBE_KINDS: Readonly<Record<ProbeSpec['kind'], ProbeKind>> = { http: probeHttp, https: probeHttp, tcp: probeTcp }
