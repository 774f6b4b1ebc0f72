import { checkOptionNames } from '@pgsr/planner/internal'
import { buildPolicy } from './build/build.ts'
import { mostGrants } from './build/room.ts'
import type { Policy } from './policy.ts'
import { Problems } from './text/problems.ts'
import { readData } from './text/read-data.ts'
import { readText } from './text/read-text.ts'

export interface PolicyFromOptions {
  /** The name of the file that the policy is from, for messages. */
  readonly file?: string
}

export interface ParsePolicyOptions extends PolicyFromOptions {
  /** Default: `json` if the name of the file ends with .json, else `yaml`. */
  readonly format?: 'yaml' | 'json'
}

/**
 * Reads the text of a policy. It reads no file and asks no server.
 * @throws PolicyError with everything that is wrong with it
 * @example
 * const policy = parsePolicy('pgsr: 1\nroles:\n  analyst:\n    access: { sales: readOnly }\n')
 */
export const parsePolicy = (text: string, options: ParsePolicyOptions = {}): Policy => {
  checkOptionNames(options, ['file', 'format'], 'cannot read a policy')
  const { file } = options
  const { format = file !== undefined && /\.json$/i.test(file) ? 'json' : 'yaml' } = options
  const { value, problems } = readText(text, file, format)
  return buildPolicy(value, problems, mostGrants)
}

/**
 * Reads a policy that is data already, such as what a module exports. It can say the same as a file. A pattern may be a
 * RegExp, and a point in time a Date. What is undefined is an error: it may come of a misspelt name.
 * @throws PolicyError with everything that is wrong with it
 * @example
 * const policy = policyFrom({ pgsr: 1, roles: { analyst: { access: { sales: 'readOnly' } } } })
 */
export const policyFrom = (data: unknown, options: PolicyFromOptions = {}): Policy => {
  checkOptionNames(options, ['file'], 'cannot read a policy')
  const problems = new Problems(options.file)
  return buildPolicy(readData(data, problems), problems, Infinity)
}
