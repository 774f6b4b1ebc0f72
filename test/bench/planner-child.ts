import type * as planner from '@pgsr/planner'
import { plannerInputs } from './planner-input.ts'

// Plans once for so many facts in a process of its own, and prints how long that took and how much memory it needed.

const [what, count, url] = process.argv.slice(2) as [keyof typeof plannerInputs, string, string]

const { plan } = (await import(url)) as typeof planner

const planFor = (facts: number) => {
  const { snapshot, desired } = plannerInputs[what].make(facts)
  return () => plan(snapshot, desired, { seed: 'bench' })
}

// What is measured begins with its code compiled, and with nothing to collect.
planFor(500)()
const measured = planFor(Number(count))
globalThis.gc?.()
const before = process.memoryUsage.rss()
const begin = performance.now()
const { transactions } = measured()
const milliseconds = performance.now() - begin
const most = process.resourceUsage().maxRSS * 1024

console.log(
  JSON.stringify({ milliseconds, bytes: Math.max(0, most - before), operations: transactions.flat().length }),
)
