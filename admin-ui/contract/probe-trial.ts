/** A probe tried by hand: `POST /probes/try`. What it says counts for nothing; the address is asked from control's machine. Pure. */
import { z } from 'zod'

/** Body: which endpoint, and by which probe of the document. */
export type ProbeTrialWish = {
  readonly endpoint: string
  /** Any probe of the document; empty = all probes of the endpoint. */
  readonly probe: string
  /** Where endpoint and probe are looked up: my draft when I have one, or what is live. */
  readonly of: 'draft' | 'live'
}
/** The certificate that was shown. */
export type TrialCertificate = {
  readonly subject: string
  readonly issuer: string
  /** Names that it is for. */
  readonly names: string
  /** RFC 3339. */
  readonly validTo: string
}
/** One probe of one address. */
export type ProbeTrial = {
  readonly probe: string
  readonly kind: string
  readonly address: string
  /** Null = nothing could be measured from here, or nothing is: `detail` says why. */
  readonly ok: boolean | null
  /** Word for what was wrong; null = nothing was. */
  readonly failure: string | null
  readonly detail: string
  /** Phases as far as they were reached; null = not. `firstByteMs` counts from the start. */
  readonly latencyMs: number | null
  readonly connectMs: number | null
  readonly tlsMs: number | null
  readonly firstByteMs: number | null
  /** Control's own event loop stood still meanwhile: times may be too long. */
  readonly lagged: boolean
  readonly certificateDays: number | null
  readonly certificate: TrialCertificate | null
  /** HTTP status. */
  readonly status: number | null
  /** Beginning of the body, the records, or the output; at most 2 kB. */
  readonly text: string | null
}
/** Answer. */
export type ProbeTrials = { readonly of: 'draft' | 'live'; readonly endpoint: string; readonly trials: readonly ProbeTrial[] }

/** Schema of ProbeTrialWish. */
export const probeTrialWishSchema: z.ZodType<ProbeTrialWish> = z
  .strictObject({
    endpoint: z.string().min(1).max(63),
    probe: z.string().max(63).default(''),
    of: z.enum(['draft', 'live']).default('draft'),
  })
  .meta({ id: 'ProbeTrialWish' })

const ms = z.number().nullable()
const certificateSchema: z.ZodType<TrialCertificate> = z.object({
  subject: z.string(),
  issuer: z.string(),
  names: z.string(),
  validTo: z.string(),
})
const probeTrialSchema: z.ZodType<ProbeTrial> = z
  .object({
    probe: z.string(),
    kind: z.string(),
    address: z.string(),
    ok: z.boolean().nullable(),
    failure: z.string().nullable(),
    detail: z.string(),
    latencyMs: ms,
    connectMs: ms,
    tlsMs: ms,
    firstByteMs: ms,
    lagged: z.boolean(),
    certificateDays: z.number().int().nullable(),
    certificate: certificateSchema.nullable(),
    status: z.number().int().nullable(),
    text: z.string().nullable(),
  })
  .meta({ id: 'ProbeTrial' })

/** Schema of ProbeTrials. */
export const probeTrialsSchema: z.ZodType<ProbeTrials> = z
  .object({ of: z.enum(['draft', 'live']), endpoint: z.string(), trials: z.array(probeTrialSchema) })
  .meta({ id: 'ProbeTrials' })
