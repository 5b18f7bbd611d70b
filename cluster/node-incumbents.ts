/** Answer of a node to the request `incumbents` (fleet-transport.ts): who holds each pool of `choose: best` at present. Pure types. */

/** Endpoint id by incumbentKey (health/score/rank-endpoints.ts); a pool that nobody may hold is left out. */
export type NodeIncumbents = readonly (readonly [key: string, endpointId: string])[]
