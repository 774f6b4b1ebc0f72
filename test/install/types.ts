import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { run } from './command.ts'
import { newProject } from './project.ts'

/** The oldest that is supported, the last of each major version, and the newest. */
const versions = ['5.4', '5.9', '6', '7']

const resolutions = [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
] as const

/** A compiler, and where its `tsc` is. */
export interface Compiler {
  readonly version: string
  readonly directory: string
}

export const installCompilers = async (parent: string): Promise<readonly Compiler[]> => {
  const project = await newProject(parent, 'compilers')
  const names = versions.map((version) => [`typescript-${version}`, `npm:typescript@${version}`])
  await project.install(Object.fromEntries(names) as Readonly<Record<string, string>>)
  const require = createRequire(join(project.directory, 'package.json'))
  return versions.map((version) => ({
    version,
    directory: dirname(require.resolve(`typescript-${version}/package.json`)),
  }))
}

/** Compiles a file of a project in each way that modules are looked up, the declarations of the packages included. */
export const compile = async (
  { directory: compiler }: Compiler,
  directory: string,
  file: string,
): Promise<void> => {
  for (const resolution of resolutions) {
    const config = {
      compilerOptions: {
        ...resolution,
        target: 'es2022',
        strict: true,
        noEmit: true,
        esModuleInterop: true,
        skipLibCheck: false,
        types: ['node'],
      },
      files: [file],
    }
    await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
    await run(directory, process.execPath, [join(compiler, 'bin/tsc'), '-p', '.']).catch((error: Error) => {
      throw new Error(`${resolution.moduleResolution}: ${error.message}`, { cause: error })
    })
  }
}
