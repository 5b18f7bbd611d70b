/** `nearcast init [DIR]`: writes a commented starter document that passes `nearcast check`. Never overwrites. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, type CommandArgs, UsageError } from './command.ts'
import { makeFolder } from './make-folder.ts'
import { ProductError } from './product-error.ts'

/** The command. */
export const command: Command = {
  name: 'init',
  summary: 'Writes a commented starter document (nearcast.yaml) into DIR [the present folder]; never overwrites.',
  positionals: '[DIR]',
  options: { json: { type: 'boolean', help: 'prints the path as JSON' } },
  run: runInit,
}

/** The starter document: an edge endpoint, the central cloud, one steered name. Every address is from a documentation range. */
export const STARTER_DOCUMENT: string = `# Starter document of nearcast. Change the names and addresses, then:
#   nearcast check nearcast.yaml
#   nearcast apply nearcast.yaml
# Every key with default, unit and meaning: docs/document.md
apiVersion: nearcast/v1

# Zones this server is authoritative for. SOA and NS records are made from soa and nameservers.
zones:
  - name: example.com.
    soa: {mname: ns1.example.com., rname: hostmaster.example.com.}
    nameservers: [ns1.example.com.]
    records:
      - {name: ns1, type: A, data: ["192.0.2.53"]}         # the public address of this server
      - {name: www, type: CNAME, data: ["api"]}            # relative to the zone: api.example.com.

# How endpoints are measured. An endpoint leaves the answers after \`fall\` failures in a row and is back after \`rise\` successes.
probes:
  - {id: health, kind: http, port: 80, path: /health, intervalMs: 5000, timeoutMs: 1000, fall: 3, rise: 2}

# Addresses that may be answered, where they stand and on whose network.
endpoints:
  - {id: ningbo-1, ipv4: 192.0.2.11, place: cn-3302, carrier: telecom, probes: [health]}
  - {id: central-1, ipv4: 192.0.2.1, place: cn-11, probes: [health]}

pools:
  - {id: ningbo, members: [{endpoint: ningbo-1}]}
  - {id: central, members: [{endpoint: central-1}]}

# Which pools for which line: place (province cn-33, city cn-3302, country jp …), with or without a carrier. \`*\` is everybody else.
policies:
  - id: api
    ttlSeconds: 30
    rules:
      - {line: cn-33/telecom, pools: [ningbo]}
      - {line: "*", pools: [central]}
    fallback: [central]                                     # when no rule has an eligible endpoint

# Names that policies answer.
names:
  - {name: api.example.com., types: [A], policy: api}
`

async function runInit(args: CommandArgs): Promise<number> {
  if (args.positionals.length > 1) throw new UsageError('name one folder')
  const folder = args.positionals[0] ?? '.'
  const path = join(folder, 'nearcast.yaml')
  try {
    makeFolder(folder)
    // wx: made only if it is not there, without a moment between looking and writing.
    writeFileSync(path, STARTER_DOCUMENT, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new ProductError('INIT_EXISTS', `"${path}" exists already`, 'name another folder, or move the file away', { cause: error })
    }
    throw new ProductError('INIT_FAILED', `cannot write "${path}": ${(error as Error).message}`, 'name a folder that you may write to', {
      cause: error,
    })
  }
  if (args.flags.json === true) process.stdout.write(`${JSON.stringify({ path })}\n`)
  else process.stdout.write(`wrote ${path}\nnext: nearcast check ${path}\n`)
  return 0
}
