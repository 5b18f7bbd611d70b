/** `nearcast backup FILE`: store and snapshots as one archive, also while everything runs. */
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openStore } from '../policy/store/store.ts'
import { type ArchiveSource, writeArchive } from './backup-archive.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'
import { productVersion } from './product-version.ts'
import { statePaths } from './state-paths.ts'

/** Name of the store in an archive. */
export const STORE_NAME = 'control.sqlite'

/** The command. */
export const command: Command = {
  name: 'backup',
  summary: 'Writes store and snapshots into one file; nearcast may go on running. The file holds password hashes: keep it safe.',
  positionals: 'FILE',
  options: {
    state: { type: 'string', value: 'DIR', help: 'state folder [./var]' },
    force: { type: 'boolean', help: 'replaces FILE when it exists' },
    json: { type: 'boolean', help: 'prints one JSON object instead of text' },
  },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  const [file] = args.positionals
  if (file === undefined || args.positionals.length > 1) throw new UsageError('name the file to write')
  const path = resolve(file)
  if (existsSync(path) && args.flags.force !== true)
    throw new ProductError('BACKUP_EXISTS', `"${path}" exists already`, 'name a new file, or use --force')
  const state = resolve(textFlag(args.flags, 'state', './var'))
  const paths = statePaths(state)
  if (!existsSync(paths.store))
    throw new ProductError('BACKUP_EMPTY', `there is no store in "${state}"`, 'name the state folder with --state')
  const folder = mkdtempSync(join(state, 'backup-'))
  try {
    const copy = join(folder, STORE_NAME)
    const store = openStore(paths.store, { productVersion: productVersion() })
    try {
      store.backupTo(copy)
    } finally {
      store.close()
    }
    const snapshots = existsSync(paths.snapshots) ? readdirSync(paths.snapshots).filter((name) => /^\d+\.snapshot$/.test(name)) : []
    const sources: ArchiveSource[] = [
      { name: STORE_NAME, path: copy },
      ...snapshots.map((name) => ({ name, path: join(paths.snapshots, name) })),
    ]
    writeArchive(path, sources)
    const sizeBytes = statSync(path).size
    const names = sources.map((source) => source.name)
    process.stdout.write(
      args.flags.json === true
        ? `${JSON.stringify({ file: path, sizeBytes, files: names })}\n`
        : `${path}: ${sizeBytes} bytes, ${names.join(', ')}\n`,
    )
    return 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
