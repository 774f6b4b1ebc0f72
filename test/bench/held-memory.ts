import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** How many megabytes of the heap a result takes, once all that made it is collected. */
export const heldBy = async (make: () => Promise<unknown>): Promise<string> => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = heap()
  const result = await make()
  const megabytes = (heap() - before) / 1e6
  return result === undefined ? '0' : megabytes.toFixed(1)
}
