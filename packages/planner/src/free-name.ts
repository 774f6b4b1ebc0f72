import { hash } from './hash.ts'

/**
 * The first name that is not taken.
 * @param named the name with some id in it
 * @param from what the ids are derived from
 */
export const freeName = (
  named: (id: string) => string,
  from: string,
  taken: (name: string) => boolean,
): string => {
  for (let counter = 0; ; counter++) {
    const name = named(hash(`${from}\0${counter}`))
    if (!taken(name)) return name
  }
}
