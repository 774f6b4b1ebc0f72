/** A place in a file. Lines and columns count from 1. */
export interface Position {
  readonly file?: string
  readonly line: number
  readonly column: number
}

/** Something that is wrong with a policy. */
export interface PolicyProblem {
  readonly file?: string
  /** Lines and columns count from 1. What a module exports has none. */
  readonly line?: number
  readonly column?: number
  /** Where in the policy it is: `roles.alice.memberOf[0]`; empty for the policy as a whole. */
  readonly path: string
  /** What is wrong, and what would be right. It never has a password. */
  readonly message: string
}

/** `policy.yaml:12:5: message`, as far as it is known where. */
const lineFor = ({ file, line, column, path, message }: PolicyProblem): string => {
  const place = [file, line, column].filter((part) => part !== undefined).join(':')
  return [place, path, message].filter((part) => part !== '').join(': ')
}

/** A policy is wrong. `problems` are all that were found, and the message has a line for each. */
export class PolicyError extends Error {
  readonly _tag = 'PolicyError'
  override readonly name = 'PolicyError'
  readonly problems: readonly PolicyProblem[]

  constructor(problems: readonly PolicyProblem[]) {
    super(problems.map(lineFor).join('\n'))
    this.problems = problems
  }
}
