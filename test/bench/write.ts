import { readFile, writeFile } from 'node:fs/promises'

/** Puts texts into a file, each between the two marks that name it. */
export const writeInto = async (file: string, texts: Readonly<Record<string, string>>): Promise<void> => {
  let content = await readFile(file, 'utf8')
  for (const [name, text] of Object.entries(texts)) {
    const [begin, end] = [`<!-- bench ${name} -->\n`, `<!-- end of bench ${name} -->\n`]
    const [from, to] = [content.indexOf(begin), content.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`${file} has no marks for ${name}`)
    content = `${content.slice(0, from + begin.length)}\n${text}\n\n${content.slice(to)}`
  }
  await writeFile(file, content)
}
