/**
 * Keeps the certificate of a node current: looks at both files every few seconds (what certbot, cert-manager or a rename does shows
 * there, symbolic links included), and at once when asked to. Shell. What cannot be used leaves the last good certificate in place.
 */
import { statSync } from 'node:fs'
import { type CertificatePaths, type LoadedCertificate, loadCertificate } from './certificate-files.ts'
import type { TransportError } from './transport-error.ts'

/** What a keeper works with. */
export type CertificateKeeperOptions = {
  readonly paths: CertificatePaths
  /** A certificate other than the last was read; it is used from now on. */
  readonly onCertificate: (loaded: LoadedCertificate) => void
  /** The files hold what cannot be used; told once for each such content, when it has stayed for two looks. */
  readonly onProblem: (error: TransportError) => void
  /** Pause between two looks [5,000 ms]. */
  readonly lookMs?: number
}

/** A running keeper. */
export type CertificateKeeper = {
  readonly current: () => LoadedCertificate
  /** Reads the files now, whatever their times say. */
  readonly reload: () => void
  readonly stop: () => void
}

const LOOK_MS = 5000

/** Inode, size and time of a file behind its links; "" while there is none. */
function stampOf(path: string): string {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path)
    return `${ino} ${size} ${mtimeMs} ${ctimeMs}`
  } catch {
    return ''
  }
}

/** Reads the files and keeps watching them. Throws what loadCertificate throws. */
export function startCertificateKeeper({ paths, onCertificate, onProblem, lookMs = LOOK_MS }: CertificateKeeperOptions): CertificateKeeper {
  const stamp = (): string => `${stampOf(paths.chainPath)} ${stampOf(paths.keyPath)}`
  let seen = stamp()
  let current = loadCertificate(paths)
  /** Stamp of what could not be used and has been told, or waits for one more look: key and chain are written one after the other. */
  let doubted = ''
  let told = ''

  function take(now: string, isPatient: boolean): void {
    try {
      const loaded = loadCertificate(paths)
      seen = now
      doubted = told = ''
      const { certificate } = current
      if (loaded.certificate.chainPem === certificate.chainPem && loaded.certificate.keyPem === certificate.keyPem) return
      current = loaded
      onCertificate(loaded)
    } catch (error) {
      if (isPatient && doubted !== now) {
        doubted = now
        return
      }
      if (told === now) return
      told = now
      onProblem(error as TransportError)
    }
  }

  const timer = setInterval(() => {
    const now = stamp()
    if (now !== seen && now !== told) take(now, true)
  }, lookMs)
  timer.unref()
  return {
    current: () => current,
    reload: () => {
      told = ''
      take(stamp(), false)
    },
    stop: () => clearInterval(timer),
  }
}
