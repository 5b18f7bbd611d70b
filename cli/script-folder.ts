/** Process setting of script probes: the folder that they may be taken from. Without it they are off, whatever a document says. Shell. */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { CommandOption } from './command.ts'
import { type Flags, textFlag } from './process-settings.ts'
import { ProductError } from './product-error.ts'

/** The option; part of ANSWER_OPTIONS, since `up`, `node` and `serve` probe. */
export const SCRIPT_OPTION: Readonly<Record<string, CommandOption>> = {
  'script-folder': { type: 'string', value: 'DIR', help: 'folder of the executables that script probes name [none: such probes are off]' },
}

/** The folder; undefined when none is given. Throws SETTINGS_SCRIPT_FOLDER when it is none, or when everybody may write there. */
export function scriptFolderOf(flags: Flags): string | undefined {
  const text = textFlag(flags, 'script-folder', '')
  if (text === '') return undefined
  const folder = resolve(text)
  const wrong = whyUnfit(folder)
  if (wrong === undefined) return folder
  throw new ProductError(
    'SETTINGS_SCRIPT_FOLDER',
    `the folder of script probes "${folder}" ${wrong}`,
    'name a folder that only trusted people may write to with --script-folder, or leave it out',
  )
}

function whyUnfit(folder: string): string | undefined {
  try {
    const found = statSync(folder)
    if (!found.isDirectory()) return 'is no folder'
    // Who may write there runs programs as nearcast.
    return (found.mode & 0o002) === 0 ? undefined : 'may be written to by everybody'
  } catch (error) {
    return `cannot be read (${(error as NodeJS.ErrnoException).code})`
  }
}
