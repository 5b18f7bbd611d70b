/** Guards for tests: settings that limit nothing, and a fresh memory. */
import { createGuard, GUARD_COUNTS, type Guard, type GuardSettings } from '../../resolver/guard/guard.ts'
import { createGuardMemory, replaceCookieSecrets } from '../../resolver/guard/guard-memory.ts'
import { cookieSecretWords } from '../../resolver/wire/cookie.ts'

/** Nothing is limited. */
export const OPEN_GUARD: GuardSettings = {
  limits: {
    answersPerSecond: 0,
    negativesPerSecond: 0,
    errorsPerSecond: 0,
    slip: 2,
    prefixLength4: 24,
    prefixLength6: 56,
    burstSeconds: 1,
  },
  exempt: [],
  sizeWithoutCookieBytes: 1232,
  withoutCookiePerSecond: 0,
}

/** A memory with one known secret; small, so that rows fill. */
export function makeGuardMemory(rows: number = 64): SharedArrayBuffer {
  const memory = createGuardMemory(rows, Uint32Array.of(1, 2, 3, 4))
  replaceCookieSecrets(memory, [cookieSecretWords(Uint8Array.from({ length: 16 }, (_, i) => i))])
  return memory
}

/** A guard with a memory of its own. */
export function makeGuard(settings: GuardSettings = OPEN_GUARD): { readonly guard: Guard; readonly counts: Float64Array } {
  const counts = new Float64Array(GUARD_COUNTS.length)
  const guard = createGuard(makeGuardMemory(), settings, counts)
  guard.begin(1_000_000, 1_800_000_000)
  return { guard, counts }
}
