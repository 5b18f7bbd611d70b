/** The certificate of a node for DNS over TLS and HTTPS: read at the start, kept current, its troubles told. Shell. */
import { makeTlsSecrets } from '../../resolver/transport/certificate.ts'
import type { LoadedCertificate } from '../../resolver/transport/certificate-files.ts'
import { startCertificateKeeper } from '../../resolver/transport/certificate-keeper.ts'
import type { EncryptedSetup } from '../../resolver/transport/worker-setup.ts'
import type { ProcessLog } from '../process-log.ts'
import { neededCertificate, type StreamSettings } from '../stream-options.ts'

/** What a data plane needs, and what feeds it. */
export type NodeEncryption = {
  readonly setup: EncryptedSetup
  /** ms since epoch, of the certificate in use. */
  readonly expiresAt: () => number
  /** Gives every later certificate to `use`, and the same one again when its secrets have had their time. */
  readonly follow: (use: (certificate: EncryptedSetup['certificate']) => void) => void
  readonly stop: () => void
}

/** Session tickets get new secrets this often: who steals one reads the sessions of TLS 1.2 of half a day, not of all. */
const SECRETS_MS = 12 * 3_600_000
/** A certificate that ends within this time is worth a warning each time it is read. */
const SOON_MS = 7 * 86_400_000

/** Starts it; undefined when nothing encrypted listens. Throws TransportError. SIGHUP reads the files anew. */
export function startNodeEncryption(
  settings: StreamSettings,
  isNeeded: boolean,
  log: ProcessLog,
  onEvent: (detail: string) => void,
): NodeEncryption | undefined {
  if (!isNeeded) return undefined
  let use: (certificate: EncryptedSetup['certificate']) => void = () => undefined
  const paths = neededCertificate(settings)
  const keeper = startCertificateKeeper({
    paths,
    onCertificate: (loaded) => {
      use(loaded.certificate)
      tell(loaded)
      onEvent(`new certificate for ${loaded.names}, ends ${new Date(loaded.expiresAt).toISOString()}`)
    },
    onProblem: ({ code, message, suggestion }) => {
      log.error({ code, suggestion }, `the new certificate is not used, the one before stays: ${message}`)
      onEvent(`not used: ${message}`)
    },
  })
  function tell({ names, fingerprint, expiresAt }: LoadedCertificate): void {
    const facts = { names, fingerprint, expires: new Date(expiresAt).toISOString(), file: paths.chainPath }
    if (expiresAt < Date.now()) log.warn(facts, 'the certificate has expired: clients that check it will not connect')
    else if (expiresAt < Date.now() + SOON_MS) log.warn(facts, 'the certificate ends soon')
    else log.info(facts, 'certificate')
  }
  tell(keeper.current())
  const reload = (): void => keeper.reload()
  const renewal = setInterval(() => use(keeper.current().certificate), SECRETS_MS).unref()
  process.on('SIGHUP', reload)
  return {
    setup: { certificate: keeper.current().certificate, secrets: makeTlsSecrets(), dohPath: settings.dohPath },
    expiresAt: () => keeper.current().expiresAt,
    follow: (next) => {
      use = next
    },
    stop: () => {
      process.off('SIGHUP', reload)
      clearInterval(renewal)
      keeper.stop()
    },
  }
}
