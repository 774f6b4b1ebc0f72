import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs a program in a directory and gives back what it prints; fails with all that it said. */
export const run = async (
  directory: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> => {
  const options = { cwd: directory, env, maxBuffer: 2 ** 26 }
  const { stdout } = await promisify(execFile)(program, args, options).catch(
    (error: { readonly stdout?: string; readonly stderr?: string; readonly message: string }) => {
      const said = `${error.stdout ?? ''}${error.stderr ?? ''}`.trim()
      throw new Error(said === '' ? error.message : said)
    },
  )
  return stdout
}
