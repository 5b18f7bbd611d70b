/** The probe kinds by name. */
import type { ProbeSpec } from '../model/rank-plan.ts'
import { probeDns } from './dns.ts'
import { probeGrpc } from './grpc.ts'
import { probeHttp } from './http.ts'
import { probeIcmp } from './icmp.ts'
import type { ProbeKind } from './probe-kind.ts'
import { probePush } from './push.ts'
import { probeScript } from './script.ts'
import { probeTcp } from './tcp.ts'
import { probeTls } from './tls.ts'

/** Every kind. */
export const PROBE_KINDS: Readonly<Record<ProbeSpec['kind'], ProbeKind>> = {
  http: probeHttp,
  https: probeHttp,
  tcp: probeTcp,
  tls: probeTls,
  dns: probeDns,
  icmp: probeIcmp,
  grpc: probeGrpc,
  push: probePush,
  script: probeScript,
}

/** Kinds that send nothing: their address is neither looked up nor refused. */
export const PASSIVE_KINDS: ReadonlySet<ProbeSpec['kind']> = new Set(['push'])
