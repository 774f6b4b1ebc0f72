import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import { importTimes, median, type Import } from './import-time.ts'
import type { Project } from './project.ts'

/** How much longer help may take than a process that does nothing, and the import of `pg`, together. */
const mostHelp = 2

const repetitions = 15

const main = 'node_modules/@pgsr/cli/dist/main.js'

/** Makes a role by a policy in TypeScript, and finds nothing to do after that. */
export const useCommand = async (
  { directory }: Project,
  node: string,
  role: string,
  env: NodeJS.ProcessEnv,
): Promise<string> => {
  const file = `${role}.ts`
  await writeFile(
    join(directory, file),
    `const role: string = '${role}'\nexport default () => ({ pgsr: 1, roles: { [role]: { login: true } } })\n`,
  )
  const done = await run(directory, node, [main, 'apply', file, '--yes', '--quiet'], env)
  const checked = await run(directory, node, [main, 'check', file, '--quiet'], env)
  return [done, checked].map((text) => text.trimEnd().split('\n').at(-1)).join('; ')
}

const processTime = async (directory: string, args: readonly string[]): Promise<number> => {
  const start = performance.now()
  await run(directory, process.execPath, args)
  return performance.now() - start
}

/** How long help takes, as a multiple of an empty process and the import of `pg`: all in turn. */
export const helpTime = async ({
  directory,
}: Project): Promise<{ readonly times: number; readonly most: number }> => {
  const pg: Import = { name: 'pg', directory }
  const [empty, help]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < repetitions; turn += 1) {
    empty.push(await processTime(directory, ['-e', '']))
    help.push(await processTime(directory, [main, '--help']))
  }
  const [imported = 0] = await importTimes([pg])
  return { times: median(help) / (median(empty) + imported), most: mostHelp }
}
