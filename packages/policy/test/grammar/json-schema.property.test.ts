import { policyFrom, PolicyError, policySchema } from '@pgsr/policy'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { contradictoryPolicy, rightPolicy, wrongPolicy } from '../arbitrary/policy.ts'

const validate = new Ajv({ strict: true, strictRequired: false }).compile(policySchema)

/** What only the parser says: no schema can. Everything else, both say. */
const onlyTheParser: readonly RegExp[] = [
  // What a name, a type or a regular expression is.
  /^the name is \d+ bytes long/,
  /^the name is that of an intermediate role/,
  /is not the name of a type; a type outside of pg_catalog needs its schema$/,
  /^say the types of both operands/,
  /^the pattern is no regular expression/,
  /^the flags g and y make no sense/,
  // What one part of a policy says of another.
  /^there is no profile /,
  /^the profile .* has no privileges on (?:tables|sequences), so this gives nothing/,
  /^profiles extend each other in a circle: /,
  /^roles would be members of each other in a circle: /,
  /^role .* is in roles, so it cannot be in absent$/,
  /^the policy does not say for which databases it is/,
  /is not in databases/,
  /^this belongs to the whole cluster, and not to one database/,
  // What the planner refuses.
  /^cannot /,
]

/** What both should say of a policy. */
const problemsOf = (data: unknown): readonly string[] => {
  try {
    policyFrom(data)
    return []
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    return error.problems
      .filter(({ message }) => !onlyTheParser.some((one) => one.test(message)))
      .map(({ path, message }) => `${path}: ${message}`)
  }
}

const counts = { right: 0, wrong: 0 }

const expectSame = (data: unknown): void => {
  const isRight = validate(data)
  counts[isRight ? 'right' : 'wrong']++
  const problems = problemsOf(data)
  expect(problems.length === 0, JSON.stringify({ data, problems, ajv: validate.errors })).toBe(isRight)
}

/** Of each sort a share; `PGSR_TEST_RUNS` is for more. */
const runs = Number(process.env.PGSR_TEST_RUNS ?? 300)

test('the parser and the JSON Schema take the same policies', () => {
  fc.assert(fc.property(rightPolicy, expectSame), { numRuns: runs })
  expect(counts.wrong).toBe(0)
  fc.assert(fc.property(contradictoryPolicy, expectSame), { numRuns: runs / 5 })
  expect(counts.wrong).toBeGreaterThan(runs / 30)
  fc.assert(fc.property(wrongPolicy, expectSame), { numRuns: 2 * runs })
  expect(counts.right).toBeGreaterThan(1.1 * runs)
  expect(counts.wrong).toBeGreaterThan(runs)
}, 600_000)

test('the JSON Schema that is published is the current one', async () =>
  expect(JSON.parse(await readFile('schema.json', 'utf8'))).toEqual(policySchema))
