import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'

/** A module, and where it is installed. */
export interface Import {
  readonly name: string
  readonly directory: string
}

const repetitions = 15

/** The number in the middle. */
export const median = (numbers: readonly number[]): number =>
  numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)]!

/** How long each import takes a new process, in milliseconds: all in turn, so that what else runs is the same for all. */
export const importTimes = async (imports: readonly Import[]): Promise<readonly number[]> => {
  const times = imports.map((): number[] => [])
  for (const { name, directory } of imports)
    await writeFile(
      join(directory, `time-${name.replaceAll(/\W+/g, '-')}.mjs`),
      `const start = performance.now()
await import('${name}')
console.log(performance.now() - start)
`,
    )
  for (let turn = 0; turn < repetitions; turn += 1)
    for (const [index, { name, directory }] of imports.entries())
      times[index]!.push(
        Number(await run(directory, process.execPath, [`time-${name.replaceAll(/\W+/g, '-')}.mjs`])),
      )
  return times.map(median)
}
