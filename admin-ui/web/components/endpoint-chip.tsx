/** The short code of an endpoint in its colour; the id stands beside it or in the title. */
import type { ReactElement } from 'react'
import type { EndpointLook } from '../lib/endpoint-look.ts'

/** The chip. */
export function EndpointChip({ look, id }: { readonly look: EndpointLook | undefined; readonly id: string }): ReactElement {
  const colour = look === undefined || look.colour < 0 ? 'hollow' : look.colour === 0 ? '' : `e${look.colour}`
  return (
    <span className={`ep ${colour}`} title={id} translate="no">
      {look?.code ?? id.slice(0, 5)}
    </span>
  )
}
