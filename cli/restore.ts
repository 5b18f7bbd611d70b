/** `nearcast restore FILE`: a backup becomes the state. Refuses while nearcast runs on that folder; what was there is kept beside. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { restoredSerial, type ZoneSerial } from '../admin-ui/api/publish/zone-serials.ts'
import { openStore, restoreFrom } from '../policy/store/store.ts'
import { STORE_NAME } from './backup.ts'
import { readArchive } from './backup-archive.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { makeFolder } from './make-folder.ts'
import { textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { productVersion } from './product-version.ts'
import { lockStateFolder, prepareStateFolder } from './state-folder.ts'
import { statePaths } from './state-paths.ts'

/** The command. */
export const command: Command = {
  name: 'restore',
  summary:
    'Puts a backup in place of the state; refuses while nearcast runs. The store of before is kept as control.sqlite.before-restore.',
  positionals: 'FILE',
  options: {
    state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
    json: { type: 'boolean', help: 'prints one JSON object instead of text' },
  },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  const [file] = args.positionals
  if (file === undefined || args.positionals.length > 1) throw new UsageError('name the backup to restore')
  const state = prepareStateFolder(textFlag(args.flags, 'state', './var'))
  const paths = statePaths(state)
  const lock = lockStateFolder(state)
  const folder = mkdtempSync(join(state, 'restore-'))
  try {
    // Processes that were started alone hold no lock; their sockets answer.
    for (const socket of [paths.controlSocket, paths.fleetSocket]) await refuseRunning(socket)
    const names = readArchive(file, folder)
    if (!names.includes(STORE_NAME)) throw new ProductError('BACKUP_DAMAGED', `the backup "${file}" holds no store`, 'use another backup')
    const before = readSerials(paths.store)
    restoreFrom(join(folder, STORE_NAME), paths.store)
    replaceSnapshots(folder, names, paths.snapshots)
    const { generation, isRaised } = raiseSerials(paths.store, before)
    // It was compiled with the serials of then; the next start makes it again.
    if (isRaised) rmSync(join(paths.snapshots, `${generation}.snapshot`), { force: true })
    process.stdout.write(
      args.flags.json === true
        ? `${JSON.stringify({ state, generation, files: names })}\n`
        : `${state}: restored, generation ${generation}\n`,
    )
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
    lock.release()
  }
}

function replaceSnapshots(folder: string, names: readonly string[], snapshots: string): void {
  makeFolder(snapshots, 0o700)
  // A snapshot of a later generation must not be taken for the one that gets this number next.
  for (const name of readdirSync(snapshots)) if (/^\d+\.snapshot/.test(name)) rmSync(join(snapshots, name), { force: true })
  for (const name of names) if (/^\d+\.snapshot$/.test(name)) renameSync(join(folder, name), join(snapshots, name))
}

/** Serials of the state that is replaced; undefined = there is none that can be read. */
function readSerials(path: string): ReadonlyMap<string, ZoneSerial> | undefined {
  if (!existsSync(path)) return undefined
  try {
    const store = openStore(path, { productVersion: productVersion() })
    try {
      return store.listZoneSerials()
    } finally {
      store.close()
    }
  } catch {
    // A store that is damaged is why one restores.
    return undefined
  }
}

/** Secondaries have serials given after the backup: its zones must come later than those, or they would never be transferred. */
function raiseSerials(
  path: string,
  before: ReadonlyMap<string, ZoneSerial> | undefined,
): { readonly generation: number; readonly isRaised: boolean } {
  const store = openStore(path, { productVersion: productVersion() })
  try {
    let isRaised = false
    store.transaction(() => {
      for (const [zone, restored] of store.listZoneSerials()) {
        const given = restoredSerial(restored, before, zone, Date.now())
        if (given === undefined) continue
        isRaised = true
        store.setZoneSerial(zone, given.serial, given.contentDigest)
      }
    })
    return { generation: store.latestGenerationNumber(), isRaised }
  } finally {
    store.close()
  }
}

async function refuseRunning(socketPath: string): Promise<void> {
  const answers = await new Promise<boolean>((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
  if (answers) throw new ProductError('RESTORE_RUNNING', `nearcast runs on this state folder ("${socketPath}" answers)`, 'stop it first')
}
