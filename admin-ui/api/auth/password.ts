/** Passwords: argon2id hashes, generated first passwords, and what is refused as too weak. Shell: takes CPU time on the thread pool. */
import { randomInt } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../../contract/role.ts'

// OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane; about 20 ms on one core.
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Letters and digits that cannot be taken for one another (no 0 O 1 l I). */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'

/** Hashes a password (argon2id, own salt). */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST)
}

/** True when the password belongs to the hash; a damaged hash is a wrong password. */
export async function verifyPassword(passwordHash: string, password: string): Promise<boolean> {
  try {
    return await verify(passwordHash, password)
  } catch {
    return false
  }
}

let decoy: Promise<string> | undefined
/** Takes as long as verifyPassword and is always false: an unknown account must not be told by the time it takes. */
export async function verifyNothing(password: string): Promise<false> {
  decoy ??= hashPassword(generatePassword())
  await verifyPassword(await decoy, password)
  return false
}

/** A password of 4 × 5 characters (98 bits), easy to read out. */
export function generatePassword(): string {
  const group = (): string => Array.from({ length: 5 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  return [group(), group(), group(), group()].join('-')
}

/** Why a new password is refused; undefined = it is fine. */
export function findPasswordWeakness(password: string, user: string): string | undefined {
  if (password.length < PASSWORD_MIN_LENGTH)
    return `the password has ${password.length} characters, at least ${PASSWORD_MIN_LENGTH} are needed`
  if (password.length > PASSWORD_MAX_LENGTH) return `the password has more than ${PASSWORD_MAX_LENGTH} characters`
  const lower = password.toLowerCase()
  if (lower.includes(user.toLowerCase()) && user.length >= 4 && lower.length < user.length + PASSWORD_MIN_LENGTH / 2)
    return 'the password is little more than the user name'
  if (new Set(lower).size < 5) return 'the password repeats too few characters'
  if (/^(?:password|nearcast|passw0rd|qwertyuiop|123456789)/.test(lower) && lower.length < 20)
    return 'the password begins with one of the first that are tried'
  return undefined
}
