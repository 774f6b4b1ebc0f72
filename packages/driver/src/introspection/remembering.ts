type Detail = string | number | boolean

/**
 * The same function, which computes each result once and remembers it as long as the object exists. The object must not
 * change, and its results must follow from it and from the details alone.
 */
export const remembering = <K extends object, D extends readonly Detail[], V extends object | string>(
  make: (object: K, ...details: D) => V,
): ((object: K, ...details: D) => V) => {
  const made = new WeakMap<K, Map<string, V>>()
  return (object, ...details) => {
    const results = made.get(object) ?? new Map<string, V>()
    made.set(object, results)
    const key = details.join(' ')
    const result = results.get(key) ?? make(object, ...details)
    results.set(key, result)
    return result
  }
}
