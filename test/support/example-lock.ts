/** `--example` uses fixed loopback ports, so only one such product runs on a machine at a time: a lock for tests that start one. */
import { closeSync, constants, openSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getLibc, libcUnavailable } from '../../resolver/transport/libc.ts'
import { until } from './product.ts'

const LOCK_EX = 2
const LOCK_NB = 4

/** Waits for the lock; the returned function gives it back. The kernel does so too when the process ends. */
export async function lockExample(): Promise<() => void> {
  if (libcUnavailable() !== undefined) return () => undefined
  const path = join(tmpdir(), 'nearcast-example.lock')
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666)
  await until(`the lock ${path}`, 240_000, () => getLibc().flock(fd, LOCK_EX | LOCK_NB) === 0)
  return () => closeSync(fd)
}
