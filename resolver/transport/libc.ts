/**
 * The C library calls that node has no interface for, through koffi: sockets as plain descriptors that can be handed to a child,
 * many messages a system call. Linux, 64 bit, little endian only; `libcUnavailable()` says why elsewhere. Shell.
 */
import { createRequire } from 'node:module'
import { endianness } from 'node:os'

/** Foreign functions with C's conventions: -1 is a failure, `errno()` its number. */
export type Libc = {
  readonly socket: (family: number, type: number, protocol: number) => number
  readonly bind: (fd: number, address: Uint8Array, length: number) => number
  readonly listen: (fd: number, backlog: number) => number
  readonly close: (fd: number) => number
  readonly dup: (fd: number) => number
  readonly setsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: number) => number
  readonly getsockopt: (fd: number, level: number, option: number, value: Uint8Array, length: Uint8Array) => number
  /** getsockopt into memory whose address is known: makes no garbage. */
  readonly readOption: (fd: number, level: number, option: number, value: bigint, length: bigint) => number
  readonly getsockname: (fd: number, address: Uint8Array, length: Uint8Array) => number
  readonly poll: (entries: bigint, count: number, timeoutMs: number) => number
  readonly madvise: (start: bigint, sizeBytes: bigint, advice: number) => number
  readonly flock: (fd: number, operation: number) => number
  readonly recvmmsg: (fd: number, messages: bigint, count: number, flags: number, timeout: null) => number
  readonly sendmmsg: (fd: number, messages: bigint, count: number, flags: number) => number
  /** Ends the process without waiting for its threads, and without anything that node does at an end. */
  readonly exit: (code: number) => void
  /** errno of the last call of this thread. */
  readonly errno: () => number
  /** Address of a typed array's first byte; the array must stay referenced. */
  readonly address: (array: Uint8Array) => bigint
  /** Numbers of errno by name. */
  readonly errnoNumbers: Readonly<Record<string, number>>
}

let loaded: Libc | undefined
let reason: string | undefined

function load(): void {
  if (loaded !== undefined || reason !== undefined) return
  if (process.platform !== 'linux') {
    reason = `recvmmsg and sendmmsg are used on linux only, this is ${process.platform}`
    return
  }
  if (!['x64', 'arm64'].includes(process.arch) || endianness() !== 'LE') {
    reason = `no memory layout of msghdr for ${process.arch}`
    return
  }
  try {
    // Loaded on demand and not by `import`: a system without koffi's binary must still start, on node:dgram.
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const library = koffi.load(null)
    const call = (declaration: string): never => library.func(declaration) as never
    loaded = {
      socket: call('int socket(int, int, int)'),
      bind: call('int bind(int, void*, uint)'),
      listen: call('int listen(int, int)'),
      close: call('int close(int)'),
      dup: call('int dup(int)'),
      setsockopt: call('int setsockopt(int, int, int, void*, uint)'),
      getsockopt: call('int getsockopt(int, int, int, void*, void*)'),
      readOption: call('int getsockopt(int, int, int, void*, void*)'),
      getsockname: call('int getsockname(int, void*, void*)'),
      poll: call('int poll(void*, ulong, int)'),
      madvise: call('int madvise(void*, ulong, int)'),
      flock: call('int flock(int, int)'),
      // ssize_t-like results are small here, and koffi does not know ssize_t by name.
      recvmmsg: call('int recvmmsg(int, void*, uint, int, void*)'),
      sendmmsg: call('int sendmmsg(int, void*, uint, int)'),
      exit: call('void _exit(int)'),
      errno: () => koffi.errno(),
      address: (array) => koffi.address(array),
      errnoNumbers: koffi.os.errno,
    }
  } catch (error) {
    reason = `koffi could not be loaded: ${(error as Error).message}`
  }
}

/** Why the calls cannot be used here; undefined when they can. `NEARCAST_NO_FFI=1` refuses them (tests, trouble). */
export function libcUnavailable(): string | undefined {
  if (process.env.NEARCAST_NO_FFI === '1') return 'NEARCAST_NO_FFI is set'
  load()
  return reason
}

/** The calls. Throws where they are unavailable: ask `libcUnavailable()` first. */
export function getLibc(): Libc {
  load()
  if (loaded === undefined) throw new Error(reason)
  return loaded
}

/** Name of an errno number, e.g. "EADDRINUSE". */
export function errnoName(libc: Libc, number: number): string {
  for (const [name, value] of Object.entries(libc.errnoNumbers)) if (value === number) return name
  return `errno ${number}`
}
