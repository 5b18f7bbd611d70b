/** Who is signed in, and what the role may do. */
import { useQuery } from '@tanstack/react-query'
import { mayAct, type Role } from '../../../contract/role.ts'
import type { Me } from '../../../contract/session.ts'
import { meQuery } from '../../lib/queries.ts'

/** Who I am; undefined while it is not known. */
export function useMe(): Me | undefined {
  return useQuery(meQuery()).data
}

/** True when my role may do what needs `role`. */
export function useMay(role: Role): boolean {
  const me = useMe()
  return me !== undefined && mayAct(me.role, role)
}
