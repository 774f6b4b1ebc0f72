import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './command.ts'
import type { PackageName } from './programs.ts'
import type { Compiler } from './types.ts'

/** What an editor asks of a compiler. */
const program = `
const [, , compiler, file, name] = process.argv
const ts = require(compiler)
const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, strict: true }
const service = ts.createLanguageService({
  ...ts.sys,
  getCompilationSettings: () => options,
  getCurrentDirectory: () => process.cwd(),
  getDefaultLibFileName: ts.getDefaultLibFilePath,
  getScriptFileNames: () => [file],
  getScriptSnapshot: (path) => ts.ScriptSnapshot.fromString(ts.sys.readFile(path) ?? ''),
  getScriptVersion: () => '1',
  useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
})
const position = ts.sys.readFile(file).lastIndexOf(name)
console.log(ts.displayPartsToString(service.getQuickInfoAtPosition(file, position)?.documentation))
`

/** What an editor shows of a function of a package when one points at it in a program. */
export const hover = async (
  { directory: compiler }: Compiler,
  directory: string,
  name: PackageName,
  called: string,
): Promise<string> => {
  await writeFile(join(directory, 'hover.cjs'), program)
  await writeFile(join(directory, 'hover.mts'), `import { ${called} } from '${name}'\nvoid ${called}\n`)
  const printed = await run(directory, process.execPath, [
    'hover.cjs',
    compiler,
    join(directory, 'hover.mts'),
    called,
  ])
  return printed.trim()
}
