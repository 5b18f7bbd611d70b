/** Heading of a page: its one h1, a line below, actions at the end. Sets the title of the window. */
import { type ReactElement, type ReactNode, useEffect } from 'react'

/** Props; `window` = title of the browser window when `title` is no text. */
export type PageHeadProps = { readonly title: ReactNode; readonly window: string; readonly sub?: ReactNode; readonly children?: ReactNode }

/** The heading. */
export function PageHead({ title, window: name, sub, children }: PageHeadProps): ReactElement {
  useEffect(() => {
    document.title = `${name} · nearcast`
  }, [name])
  return (
    <div className="phead">
      <div className="grow">
        {typeof title === 'string' ? <h1>{title}</h1> : title}
        {sub === undefined ? null : <div className="sub">{sub}</div>}
      </div>
      {children}
    </div>
  )
}
