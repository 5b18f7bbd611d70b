/** What route handlers work with; put together by cli/control.ts, by fakes in tests. Pure types. */
import type { Geodata } from '../../geodata/geodata.ts'
import type { RankEndpoint } from '../../health/model/rank-plan.ts'
import type { HealthHistory } from '../../policy/store/health-history.ts'
import type { Store } from '../../policy/store/store.ts'
import type { ProbeTrial } from '../contract/probe-trial.ts'
import type { Accounts } from './auth/accounts.ts'
import type { GeodataDesk } from './geodata/geodata-desk.ts'
import type { PushDesk } from './health/push-desk.ts'
import type { ReportTargets } from './health/report-targets.ts'
import type { VantageDesk } from './health/vantage-desk.ts'
import type { LatencyDesk } from './latency/latency-desk.ts'
import type { LineDirectory } from './lines/line-directory.ts'
import type { EventFeed } from './observe/event-feed.ts'
import type { FleetWatch } from './observe/fleet-watch.ts'
import type { StandingRing } from './observe/standing-ring.ts'
import type { OverrideDesk } from './overrides/override-desk.ts'
import type { DraftDesk } from './publish/draft-desk.ts'
import type { Publisher } from './publish/publisher.ts'
import type { WebhookDesk } from './webhooks/webhook-desk.ts'
import type { SecondaryView } from './zones/secondary-keeper.ts'

/** The parts of control. */
export type ApiParts = {
  readonly store: Store
  readonly accounts: Accounts
  readonly publisher: Publisher
  readonly drafts: DraftDesk
  readonly fleet: FleetWatch
  readonly overrides: OverrideDesk
  readonly latency: LatencyDesk
  /** What outside reports may be about. */
  readonly targets: () => ReportTargets
  readonly pushes: PushDesk
  readonly vantages: VantageDesk
  /** Each probe of an endpoint on each of its addresses, once, from this machine. */
  readonly tryProbes: (endpoint: RankEndpoint) => Promise<readonly ProbeTrial[]>
  /** State of a secondary zone by name; undefined = there is none. */
  readonly secondary: (zone: string) => SecondaryView | undefined
  readonly feed: EventFeed
  readonly ring: StandingRing
  readonly healthHistory: HealthHistory
  /** Of the geodata in use: read it anew for each request. */
  readonly lines: LineDirectory
  readonly geodata: Geodata
  readonly geodataDesk: GeodataDesk
  readonly webhooks: WebhookDesk
  readonly version: string
  /** Wall clock, ms since epoch. */
  readonly now: () => number
  readonly startedAt: number
}
