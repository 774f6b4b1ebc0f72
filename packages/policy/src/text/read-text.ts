import { Problems } from './problems.ts'
import { readYaml, type ReadText } from './read-yaml.ts'

/** The longest text that is read. */
const mostCharacters = 512 * 1024

const whole = { path: undefined, offset: 0 }

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/**
 * Reads the text of a policy.
 * @throws PolicyError if it is not YAML or JSON
 */
export const readText = (given: string, file: string | undefined, format: 'yaml' | 'json'): ReadText => {
  const begin = new Problems(file, () => ({ line: 1, column: 1 }))
  const refuse = (message: string): void => begin.add(whole, message)
  const text = typeof given === 'string' && given.startsWith('\uFEFF') ? given.slice(1) : given
  if (typeof text !== 'string') refuse('a policy must be a text')
  else if (text.length > mostCharacters)
    refuse(`the file has more than ${mostCharacters} characters; let a module make a policy of that size`)
  else if (text.includes('\0')) refuse('the file contains NUL; save it as UTF-8')
  else if (text.trim() === '') refuse('the file is empty; a policy begins with pgsr: 1')
  begin.throwIfAny()
  // Each JSON is YAML, but for tabs, which cannot be in a text of JSON.
  const read = readYaml(format === 'json' && isJson(text) ? text.replaceAll('\t', ' ') : text, file)
  if (format === 'json' && !isJson(text))
    read.problems.add(
      whole,
      'the file is YAML, but not JSON; quote all texts and leave out comments, or call it .yaml',
    )
  return read
}
