/** Placeholder of the contract until the catalogue of cities abroad is here. */
export function findCityAbroad(_country: string, _region: string | undefined, _name: string): string | undefined {
  return undefined
}
export function findCityByGeonameId(_id: number): string | undefined {
  return undefined
}
