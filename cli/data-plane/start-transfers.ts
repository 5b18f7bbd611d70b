/** Transfers of a node, from process settings: where secrets and journal lie, whom every zone is open to, what goes to the log. Shell. */
import type { Address } from '../../geodata/address/address.ts'
import { parsePrefix } from '../../geodata/address/prefix.ts'
import type { TransferContent } from '../../resolver/transfer/transfer-access.ts'
import { startTransferKeeper, type TransferKeeper } from '../../resolver/transfer/transfer-keeper.ts'
import type { ListenAddress } from '../../resolver/transport/listen-address.ts'
import type { ProcessLog } from '../process-log.ts'

/** Settings. */
export type NodeTransferSettings = {
  readonly secretsFolder: string | undefined
  readonly journalPath: string | undefined
  /** Networks that may transfer every zone (`serve --allow-transfer`). Throws GEODATA_PREFIX_INVALID. */
  readonly allow: readonly string[]
  /** DNS sockets: NOTIFY leaves from the first address of each family that is no wildcard. */
  readonly listen: readonly ListenAddress[]
  readonly log: ProcessLog
}

/** What startDataPlane wants. */
export function nodeTransfers(settings: NodeTransferSettings): (setTransfers: (content: TransferContent) => void) => TransferKeeper {
  const everyZone = settings.allow.map((text) => ({ prefix: parsePrefix(text), key: '' }))
  return (setTransfers) =>
    startTransferKeeper({
      secretsFolder: settings.secretsFolder,
      journalPath: settings.journalPath,
      everyZone,
      notifyFrom: settings.listen.map(({ address }) => address).filter(isSpecific),
      onContent: setTransfers,
      onProblem: (code, facts) => settings.log.warn({ code, ...facts }, 'transfers'),
    })
}

function isSpecific({ family, words }: Address): boolean {
  return family === 4 ? words[3] !== 0 : words.some((word) => word !== 0)
}
