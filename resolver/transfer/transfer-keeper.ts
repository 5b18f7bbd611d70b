/**
 * Transfers of one node, in its main thread: brings plan, secrets and journal together for the workers, and tells secondaries. Shell.
 *
 *   publish ─ prepare(before, after) ─► content for the workers (sent before the swap) ─ swap ─ published ─► NOTIFY, journal on disk
 *   every 2 s: a secret file changed ─► content for the workers
 */
import { type Address, findAddress, formatAddress } from '../../geodata/address/address.ts'
import { isForbiddenTarget } from '../../geodata/address/forbidden-targets.ts'
import { parsePrefix } from '../../geodata/address/prefix.ts'
import type { NotifyTarget } from '../../policy/config/config-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { canonicalName, formatName, parseName } from '../wire/name.ts'
import type { TsigKey } from '../wire/tsig.ts'
import { NONE, type ZoneColumns } from '../zone/zone-columns.ts'
import { createJournal } from './journal.ts'
import { loadJournal, saveJournal } from './journal-file.ts'
import { createNotifySender, type NotifyJob, type NotifyOutcome } from './notify-sender.ts'
import { readSecrets, type SecretProblem, secretsMark } from './secret-folder.ts'
import type { AccessRule, TransferContent, TransferZone } from './transfer-access.ts'
import type { TransferPlan } from './transfer-plan.ts'
import { otherNameservers } from './zone-nameservers.ts'
import { findZone, soaOf } from './zone-walk.ts'

/** Settings of the process, and where to tell what happens. */
export type TransferKeeperOptions = {
  /** Folder of secrets; undefined = none. */
  readonly secretsFolder: string | undefined
  /** Who may transfer every zone. */
  readonly everyZone: readonly AccessRule[]
  /** File of the journal; undefined = it is not kept. */
  readonly journalPath: string | undefined
  /** Addresses that NOTIFY is sent from. */
  readonly notifyFrom: readonly Address[]
  /** Gives the workers what they must know. */
  readonly onContent: (content: TransferContent) => void
  /** A key that cannot be used, a secondary that cannot be told, a journal that cannot be kept. */
  readonly onProblem: (code: string, facts: Readonly<Record<string, string>>) => void
}

/** Transfers of one node. */
export type TransferKeeper = {
  /** Called with both generations at hand, before the swap to `after`. */
  readonly prepare: (before: Snapshot | undefined, after: Snapshot) => void
  /** Called when the generation is live. */
  readonly published: (snapshot: Snapshot) => void
  /** Takes which secondary zones have expired (presentation form); those of the live generation that are not named are fresh. */
  readonly setExpired: (isExpired: (zone: string) => boolean) => void
  /** Keys whose secrets are known now. */
  readonly keys: () => readonly TsigKey[]
  /** Messages to secondaries so far, by outcome. */
  readonly notifies: () => Readonly<Record<NotifyOutcome, number>>
  readonly stop: () => Promise<void>
}

const SECRETS_LOOK_MS = 2000
const NO_PLAN: TransferPlan = { keys: [], zones: [] }

/** Starts it. */
export function startTransferKeeper(options: TransferKeeperOptions): TransferKeeper {
  const kept = options.journalPath === undefined ? { zones: new Map(), versions: new Map(), reasons: [] } : loadJournal(options.journalPath)
  for (const reason of kept.reasons) options.onProblem('TRANSFER_JOURNAL_LOST', { reason })
  const journal = createJournal(kept)
  const counts: Record<NotifyOutcome, number> = { sent: 0, answered: 0, refused: 0, unanswered: 0 }
  const sender = createNotifySender({
    from: options.notifyFrom,
    onOutcome: (outcome, zone, secondary, reason) => {
      counts[outcome]++
      if (outcome === 'refused' || outcome === 'unanswered') options.onProblem('TRANSFER_NOTIFY_FAILED', { zone, secondary, reason })
    },
  })
  let plan = NO_PLAN
  let keys: readonly TsigKey[] = []
  let mark = ''
  let told = new Set<string>()
  /** A secondary zone that nothing is known of was never transferred. */
  let isExpired: (zone: string) => boolean = () => true
  /** Zones with a serial that secondaries have not been told of. */
  let changed: readonly Uint8Array[] = []
  let saving: Promise<void> = Promise.resolve()
  let saveAgain = false

  function readKeys(): void {
    mark = secretsMark(options.secretsFolder, plan.keys)
    const secrets = readSecrets(options.secretsFolder, plan.keys)
    keys = secrets.keys
    const problems = new Set<string>()
    for (const problem of secrets.problems) {
      const text = textOf(problem)
      problems.add(text)
      if (!told.has(text)) options.onProblem(problem.code, { key: problem.key, path: problem.path, reason: problem.reason })
    }
    told = problems
  }

  function tellWorkers(): void {
    const zones = new Map<string, TransferZone>()
    for (const { name, allow } of plan.zones) {
      const rules = allow.map(({ prefix, tsigKey }) => ({
        prefix: prefix === '' ? undefined : parsePrefix(prefix),
        key: tsigKey === '' ? '' : formatName(apexOf(tsigKey)),
      }))
      zones.set(formatName(apexOf(name)), { allow: rules, steps: journal.stepsOf(apexOf(name)) })
    }
    const expired = plan.zones.filter(({ name, primaries }) => primaries !== undefined && isExpired(name))
    options.onContent({ keys, everyZone: options.everyZone, zones, expired: new Set(expired.map(({ name }) => formatName(apexOf(name)))) })
  }

  function save(): void {
    const path = options.journalPath
    if (path === undefined) return
    saveAgain = true
    saving = saving.then(async () => {
      if (!saveAgain) return
      saveAgain = false
      await saveJournal(path, journal.content()).catch((error: Error) =>
        options.onProblem('TRANSFER_JOURNAL_LOST', { reason: error.message }),
      )
    })
  }

  function jobsFor(snapshot: Snapshot): NotifyJob[] {
    const names = new Set(changed.map((apex) => formatName(apex)))
    const jobs: NotifyJob[] = []
    for (const { name, notify } of plan.zones) {
      const apex = apexOf(name)
      const zone = findZone(snapshot.zones, apex)
      if (zone === NONE || !names.has(formatName(apex))) continue
      const { rdata, ttlSeconds } = soaOf(snapshot.zones, zone)
      for (const target of notify) {
        const key = keyOf(target)
        if (target.tsigKey !== '' && key === undefined) {
          options.onProblem('TRANSFER_NOTIFY_FAILED', {
            zone: name,
            secondary: target.address,
            reason: `the secret of key ${target.tsigKey} is missing`,
          })
          continue
        }
        for (const address of addressesOf(snapshot.zones, zone, target)) {
          // The snapshot's memory is used again: what is sent later is a copy.
          jobs.push({ apex, soa: { rdata: rdata.slice(), ttlSeconds }, address, port: target.port, key })
        }
      }
    }
    return jobs
  }

  function keyOf({ tsigKey }: NotifyTarget): TsigKey | undefined {
    if (tsigKey === '') return undefined
    const name = formatName(apexOf(tsigKey))
    return keys.find((key) => formatName(key.name) === name)
  }

  const timer = setInterval(() => {
    if (plan.keys.length === 0 || secretsMark(options.secretsFolder, plan.keys) === mark) return
    readKeys()
    tellWorkers()
  }, SECRETS_LOOK_MS)
  timer.unref()

  return {
    prepare: (before, after) => {
      plan = after.meta.transfer ?? NO_PLAN
      readKeys()
      // A zone that is only notified is compared too: a changed serial is what secondaries are told.
      changed = journal.note(
        before,
        after,
        plan.zones.map(({ name }) => apexOf(name)),
      )
      tellWorkers()
    },
    published: (snapshot) => {
      sender.tell(jobsFor(snapshot))
      if (changed.length > 0) save()
      changed = []
    },
    setExpired: (next) => {
      isExpired = next
      if (plan.zones.some(({ primaries }) => primaries !== undefined)) tellWorkers()
    },
    keys: () => keys,
    notifies: () => counts,
    stop: async () => {
      clearInterval(timer)
      sender.close()
      await saving
    },
  }
}

function textOf(problem: SecretProblem): string {
  return `${problem.code} ${problem.key} ${problem.reason}`
}

function apexOf(name: string): Uint8Array {
  return canonicalName(parseName(name))
}

/** Addresses of a target; for `nameservers` those of the zone's NS records, without the primary itself (RFC 1996 §2.3), as far as zones of ours know them. */
function addressesOf(zones: ZoneColumns, zone: number, target: NotifyTarget): Address[] {
  const found = new Map<string, Address>()
  const add = (address: Address | undefined): void => {
    if (address !== undefined && !isForbiddenTarget(address)) found.set(formatAddress(address), address)
  }
  if (target.address !== 'nameservers') add(findAddress(target.address))
  else for (const { address } of otherNameservers(zones, zone)) add(address)
  return [...found.values()]
}
