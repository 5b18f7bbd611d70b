/** When a process must end: SIGTERM, SIGINT, or its supervisor's channel closed. Shell. */

/** Resolves with the reason, once. A second signal ends the process at once. */
export function waitForStop(): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (reason: string): void => {
      if (stopping && reason.startsWith('SIG')) process.exit(1)
      stopping = true
      resolve(reason)
    }
    process.on('SIGTERM', () => stop('SIGTERM'))
    process.on('SIGINT', () => stop('SIGINT'))
    if (process.channel !== undefined && process.channel !== null) process.on('disconnect', () => stop('the supervisor ended'))
  })
}
