/** `nearcast export [DIR]`: the live document as a folder (with the files it names) or as one text. Applying it again changes nothing. */
import { writeFileSync } from 'node:fs'
import { dirname, isAbsolute, join, normalize } from 'node:path'
import type { DocumentAnswer } from '../admin-ui/contract/document.ts'
import { readYaml } from '../policy/config/read-yaml.ts'
import { writeYaml } from '../policy/config/write-yaml.ts'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { CLIENT_OPTIONS, openControlClient } from './control-client.ts'
import { makeFolder } from './make-folder.ts'
import { ProductError } from './product-error.ts'

/** Name of the document in an exported folder. */
const DOCUMENT_NAME = 'nearcast.yaml'

/** The command. */
export const command: Command = {
  name: 'export',
  summary: 'Writes the live document into DIR with the files it names, or to standard output.',
  positionals: '[DIR]',
  options: {
    single: { type: 'boolean', help: 'puts the files into the document' },
    json: { type: 'boolean', help: 'prints one JSON object with document, files, generation and digest' },
    ...CLIENT_OPTIONS,
  },
  run,
}

async function run(args: CommandArgs): Promise<number> {
  const folder = args.positionals[0]
  if (args.positionals.length > 1) throw new UsageError('name at most one folder')
  const live = await openControlClient(args.flags, process.env).call('document', { query: { format: 'yaml', dynamic: 'true' } })
  if (live.generation === 0)
    throw new ProductError('EXPORT_EMPTY', 'nothing is published yet', 'publish a document with "nearcast apply FILE"')
  if (args.flags.json === true) {
    process.stdout.write(`${JSON.stringify(live, null, 2)}\n`)
    return 0
  }
  const single = args.flags.single === true
  if (folder === undefined) {
    if (!single && Object.keys(live.files).length > 0)
      throw new UsageError(`the document names ${Object.keys(live.files).length} files: name a folder, or use --single`)
    process.stdout.write(documentText(live, single))
    return 0
  }
  for (const path of writeFolder(folder, live, single)) process.stdout.write(`${path}\n`)
  return 0
}

/** The document with the line that `nearcast apply` reads its base from. */
export function documentText(live: DocumentAnswer, single: boolean): string {
  const head = `# Exported by nearcast; digest ${live.digest}\n# basedOn: ${live.generation}\n`
  if (!single || Object.keys(live.files).length === 0) return head + live.text
  const value = readYaml(live.text, 'document').value as Record<string, unknown>
  return head + writeYaml({ ...value, files: live.files })
}

function writeFolder(folder: string, live: DocumentAnswer, single: boolean): readonly string[] {
  const files = single ? [] : Object.entries(live.files)
  const written: string[] = []
  const write = (name: string, text: string): void => {
    const path = join(folder, name)
    makeFolder(dirname(path))
    writeFileSync(path, text)
    written.push(path)
  }
  for (const [name] of files) {
    // What comes over the network must not write outside the folder.
    if (isAbsolute(name) || normalize(name).startsWith('..') || name === DOCUMENT_NAME) {
      throw new ProductError(
        'EXPORT_FILE_NAME',
        `the document names the file "${name}", which does not lie below the folder`,
        'use --single',
      )
    }
  }
  try {
    write(DOCUMENT_NAME, documentText(live, single))
    for (const [name, text] of files) write(name, text)
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException
    throw new ProductError('EXPORT_WRITE', `"${path ?? folder}" cannot be written (${code})`, 'choose another folder', { cause })
  }
  return written
}
