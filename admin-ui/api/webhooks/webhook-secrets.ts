/** URL and key of a webhook out of the folder of secrets, read for each message: a new key works without a restart. Shell. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Webhook } from '../../../policy/config/config-schema.ts'
import { whatIsWrongWith } from '../../../policy/config/fill-webhooks.ts'
import type { WebhookSecrets } from './webhook-desk.ts'

/** Longest file. */
const FILE_LIMIT_BYTES = 4096

/** Reads them. Throws an Error that says what is wrong, without the secret. */
export function readWebhookSecrets(folder: string, { url, urlRef, secretRef }: Webhook): WebhookSecrets {
  const found = url ?? readLine(folder, urlRef ?? '', 'URL')
  const problem = whatIsWrongWith(found)
  if (problem !== undefined)
    throw new Error(`${urlRef === undefined ? 'its url' : `the URL in the file "${urlRef}"`} cannot be used: ${problem}`)
  return { url: found, secret: secretRef === undefined ? undefined : readLine(folder, secretRef, 'secret') }
}

function readLine(folder: string, name: string, what: string): string {
  const path = join(folder, name)
  let text: string
  try {
    if (statSync(path).size > FILE_LIMIT_BYTES) throw new Error(`it has more than ${FILE_LIMIT_BYTES} bytes`)
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    const reason = code === 'ENOENT' ? 'it is missing' : (code ?? message)
    throw new Error(`its ${what} cannot be read from "${name}" in the folder of secrets: ${reason}`)
  }
  if (text === '') throw new Error(`its ${what} cannot be read from "${name}" in the folder of secrets: it is empty`)
  return text
}
