/** Makes something when it is first needed, and keeps it. */
export const once = <T extends object | string>(make: () => T): (() => T) => {
  let made: T | undefined
  return () => (made ??= make())
}
