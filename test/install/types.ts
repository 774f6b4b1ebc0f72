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

/** What a compiler finds wrong with a file and the declarations that it needs, a line for each error. */
const errorsOf = async (
  { directory: compiler }: Compiler,
  directory: string,
  file: string,
  resolution: (typeof resolutions)[number],
): Promise<readonly string[]> => {
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
  try {
    await run(directory, process.execPath, [join(compiler, 'bin/tsc'), '-p', '.'])
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

/**
 * Compiles a file of a project in each way that modules are looked up, the declarations of the packages included. What is
 * wrong with `base`, too, is not ours: the declarations of pg itself need a newer compiler than the oldest.
 */
export const compile = async (
  compiler: Compiler,
  directory: string,
  file: string,
  base: string,
): Promise<void> => {
  for (const resolution of resolutions) {
    const others = new Set(await errorsOf(compiler, directory, base, resolution))
    const errors = (await errorsOf(compiler, directory, file, resolution)).filter(
      (error) => !others.has(error),
    )
    if (errors.length > 0) throw new Error(`${resolution.moduleResolution}: ${errors.join('\n')}`)
  }
}
