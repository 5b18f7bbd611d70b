/** Flags of control, apart from control.ts, so that the supervisor knows them without loading the API. */
import type { CommandOption } from './command.ts'
import { SCRIPT_OPTION } from './script-folder.ts'

/** Flags of control; `up` has them too and hands them on. */
export const CONTROL_OPTIONS: Readonly<Record<string, CommandOption>> = {
  'api-listen': { type: 'string', value: 'ADDR:PORT', help: 'API and console [127.0.0.1:8080]' },
  'allowed-host': { type: 'string', multiple: true, value: 'NAME', help: 'further host name under which the console is reached' },
  'tls-key': { type: 'string', value: 'FILE', help: 'private key of the API in PEM; with --tls-cert' },
  'tls-cert': { type: 'string', value: 'FILE', help: 'certificate chain of the API in PEM; with --tls-key' },
  'behind-proxy': { type: 'boolean', help: 'a proxy in front ends TLS and sets X-Forwarded-For' },
  document: { type: 'string', value: 'FILE', help: 'document that seeds an empty store; SIGHUP applies it again' },
  watch: { type: 'boolean', help: 'applies --document again whenever the file changes' },
  secrets: { type: 'string', value: 'DIR', help: 'folder of the secrets that tsigKeys name, one base64 text a file [STATE/secrets]' },
  ...SCRIPT_OPTION,
  geodata: { type: 'string', value: 'FILE', help: 'geodata file that the source "default" stands for [the one that comes with nearcast]' },
  'geodata-folder': { type: 'string', value: 'DIR', help: 'folder of the files that geodata.sources name [STATE/geodata/files]' },
  'geodata-allow': {
    type: 'string',
    multiple: true,
    value: 'PREFIX',
    help: 'private network that geodata may be downloaded from [none]',
  },
  'outgoing-allow': {
    type: 'string',
    multiple: true,
    value: 'PREFIX',
    help: 'private or loopback network that webhooks may be sent to, and geodata downloaded from [none]',
  },
}
