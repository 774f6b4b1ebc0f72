/** A map that shares its entries with its forks until one of them changes something. */
export class SharedMap<K, V> {
  #entries: Map<K, V>
  #isOwn = true

  constructor(entries: Map<K, V> = new Map()) {
    this.#entries = entries
  }

  get entries(): ReadonlyMap<K, V> {
    return this.#entries
  }

  fork(): SharedMap<K, V> {
    const fork = new SharedMap(this.#entries)
    this.#isOwn = false
    fork.#isOwn = false
    return fork
  }

  set(key: K, value: V): void {
    this.#toChange().set(key, value)
  }

  delete(key: K): void {
    this.#toChange().delete(key)
  }

  #toChange(): Map<K, V> {
    if (!this.#isOwn) this.#entries = new Map(this.#entries)
    this.#isOwn = true
    return this.#entries
  }
}
