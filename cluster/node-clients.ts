/** Answer of a node to `clients`: who asked for steered names of late. Pure type. */

/** Networks (/24, /56) with the queries counted from each, most first. */
export type NodeClients = readonly { readonly prefix: string; readonly queries: number }[]
