import { parsePolicy, PolicyError, policyFrom } from '@pgsr/policy'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'

const roles = 'pgsr: 1\nroles:\n  alice: { login: true }\n'

const problemsOf = (read: () => unknown): readonly string[] => {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.problems.map(({ message }) => message)
    throw error
  }
}

test.each([
  ['a byte order mark', `\uFEFF${roles}`],
  ['lines that end as on Windows', roles.replaceAll('\n', '\r\n')],
  ['no newline at the end', roles.trimEnd()],
  ['a marker for the beginning of a document', `---\n${roles}...\n`],
  ['comments', `# Who may what.\n\n${roles}# The end.\n`],
  ['an anchor and aliases', 'pgsr: 1\nroles:\n  alice: &one { login: true }\n  bob: *one\n'],
])('a text may have %s', (_, text) => {
  expect(parsePolicy(text).desired[0]).toEqual(parsePolicy(roles).desired[0])
  expect(parsePolicy(text).lineOf('alice', null)?.line).toBeGreaterThanOrEqual(3)
})

test('an error in a text with a byte order mark and the lines of Windows is where an editor shows it', () => {
  const text = '\uFEFFpgsr: 1\r\nroles:\r\n  alice: { logn: true }\r\n'
  expect(() => parsePolicy(text, { file: 'p.yaml' })).toThrow(
    'p.yaml:3:12: roles.alice.logn: unknown key "logn"; did you mean login?',
  )
})

test('among many roles, what the planner refuses of a few is said where it is', () => {
  const wrong = new Set([3, 150, 199])
  const dayOf = (index: number): string => (wrong.has(index) ? '2027-02-30' : '2027-02-28')
  const lines = Array.from(
    { length: 200 },
    (_, index) => `  r${index}: { login: { validUntil: ${dayOf(index)} } }`,
  )
  const text = ['pgsr: 1', 'roles:', ...lines].join('\n')
  expect(problemsOf(() => parsePolicy(text))).toEqual(
    ['r3', 'r150', 'r199'].map((role) => expect.stringContaining(`"${role}"`)),
  )
})

const repeat = (text: string, length = 500_000): string => text.repeat(Math.floor(length / text.length))

const laughs = ['a: &a [x, x, x, x, x, x, x, x, x]']
for (const [before, name] of Array.from('bcdefghi', (letter, index) => ['abcdefgh'[index], letter] as const))
  laughs.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`)

const nested = (levels: number): string =>
  Array.from({ length: levels }, (_, level) => `${' '.repeat(level)}a:`).join('\n')

const listed = (prefix: string, count: number, rest = ''): string =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}${rest}`).join(', ')

const tablesIn = (schemas: number, tables: number): string =>
  `schema: [${listed('s', schemas)}], tables: [${listed('t', tables)}]`

const rolesOf = (count: number, role: (index: number) => string): string =>
  `pgsr: 1\nroles:\n${Array.from({ length: count }, (_, index) => `  r${index}: ${role(index)}`).join('\n')}`

const tooMany = 'there are more than 40000 grants'

/** Texts that are made to take long or much, and the beginning of what is said. */
const hostile: readonly (readonly [string, string, string])[] = [
  ['nothing', '', 'the file is empty; a policy begins with pgsr: 1'],
  ['only spaces', repeat(' '), 'the file is empty'],
  ['a text that is too long', repeat('x', 600_000), 'the file has more than 524288 characters'],
  [
    'UTF-16',
    roles.replaceAll(/[^]/g, (character) => `${character}\0`),
    'the file contains NUL; save it as UTF-8',
  ],
  ['aliases that multiply', laughs.join('\n'), 'aliases make more than 70000 values'],
  ['brackets', repeat('['), 'lists and objects are nested deeper than 32'],
  ['braces', repeat('{'), 'lists and objects are nested deeper than 32'],
  ['lists in lists', repeat('- '), 'lists and objects are nested deeper than 32'],
  ['keys of keys', repeat('? '), 'lists and objects are nested deeper than 32'],
  ['objects in objects', nested(700), 'lists and objects are nested deeper than 32'],
  ['objects one too deep', nested(40), 'lists and objects are nested deeper than 32'],
  ['commas', `[${repeat(',')}`, 'there are more than 70000 words and marks'],
  ['fewer commas', `[${repeat(',', 65_000)}`, 'this is not expected here'],
  ['nothing many times', `[${repeat('~,')}]`, 'there are more than 70000 words and marks'],
  ['closed brackets', repeat('[]'), 'this is not expected here'],
  ['quotes', repeat('"'), 'there are more than 70000 words and marks'],
  ['tabs', `a:\n${repeat('\t- b\n', 50_000)}`, 'a tab cannot indent in YAML'],
  ['escapes', `"${repeat('\\q')}"`, 'a backslash in double quotes begins an escape'],
  ['documents', repeat('--- a\n'), 'there is a second document'],
  ['directives', repeat('%A\n', 60_000), 'directives are not supported'],
  ['tags', `- ${repeat('!a ', 6)}b\n`, 'a value can have only one tag'],
  ['reserved characters', repeat('- @a\n', 60_000), 'a text that begins with @'],
  ['keys twice', repeat('a: 1\n', 45_000), 'this key is there twice'],
  ['unknown keys', Array.from({ length: 9_500 }, (_, index) => `key${index}: 1`).join('\n'), 'unknown key'],
  ['a long line', `pgsr: ${repeat('x')}`, 'expected 1'],
  ['a long key', `${repeat('x')}: 1`, 'a key cannot be longer than 1024 characters'],
  ['wrong roles', rolesOf(2_600, (index) => `{ memberOf: [r${index}], x: 1 }`), 'unknown key'],
  [
    'a circle of many roles',
    rolesOf(3_500, (index) => `{ memberOf: [r${(index + 1) % 3_500}] }`),
    'roles would be members of each other in a circle',
  ],
  [
    'tables in schemas',
    rolesOf(1, () => `{ grants: [{ ${tablesIn(300, 200)}, privileges: SELECT }] }`),
    tooMany,
  ],
  [
    'columns of tables in schemas',
    rolesOf(
      1,
      () => `{ grants: [{ columns: [${listed('c', 400)}], ${tablesIn(300, 400)}, privileges: SELECT }] }`,
    ),
    tooMany,
  ],
  [
    'owners of future tables',
    rolesOf(
      1,
      () =>
        `{ grants: [{ futureTablesOf: [${listed('o', 999)}], schema: [${listed('s', 999)}], privileges: SELECT }] }`,
    ),
    tooMany,
  ],
  ['owned tables in schemas', rolesOf(1, () => `{ owns: [{ ${tablesIn(300, 200)} }] }`), tooMany],
  [
    'schemas that are owned',
    rolesOf(600, (index) => (index === 0 ? `&a { owns: [${listed('s', 100)}] }` : '*a')),
    tooMany,
  ],
  [
    'profiles for future tables',
    `${rolesOf(1_000, () => '{ access: { s: p } }')}\nprofiles: { p: { future: [${listed('o', 10_000)}], tables: [SELECT] } }`,
    tooMany,
  ],
  [
    'access that an alias multiplies',
    rolesOf(800, (index) => (index === 0 ? `&a { access: { ${listed('s', 40, ': readWrite')} } }` : '*a')),
    tooMany,
  ],
  [
    'assertions that multiply',
    `${rolesOf(1, () => '{}')}\nassertions: [{ only: [r0], can: SELECT, ${tablesIn(300, 200)} }]`,
    tooMany,
  ],
  [
    'privileges of PUBLIC that multiply',
    `pgsr: 1\npublic: { grants: [{ ${tablesIn(300, 200)}, privileges: [] }] }`,
    tooMany,
  ],
  [
    'owned tables in many databases',
    `${rolesOf(2, (index) => (index === 0 ? `{ owns: [{ ${tablesIn(100, 300)} }] }` : `{ in: { ${listed('d', 1_500, ': { owns: s }')} } }`))}\ndatabases: [${listed('d', 1_500)}]`,
    tooMany,
  ],
  [
    'tables that all roles own',
    rolesOf(300, (index) => (index === 0 ? `&a { owns: [{ ${tablesIn(1, 120)} }] }` : '*a')),
    'role "r0" is to own it',
  ],
  [
    'grants in schemas that are not managed',
    `${rolesOf(1, () => `{ grants: [{ ${tablesIn(1, 9_000)}, privileges: SELECT }] }`)}\nmanages: { schemas: [other] }`,
    'cannot grant SELECT on table "s0"."t0" to role "r0"',
  ],
  [
    'wrong keys in grants',
    `pgsr: 1\nroles:\n  r0:\n    grants:\n${'      - { table: t, schema: s, privileges: SELECT }\n'.repeat(1_800)}`,
    'unknown key "table"',
  ],
]

describe('a text of', () => {
  test.each(hostile)('%s is refused, in no more than 101 lines', (_, text, message) => {
    const problems = problemsOf(() => parsePolicy(text))
    expect(problems.join('\n')).toContain(message)
    expect(problems.length).toBeLessThanOrEqual(101)
  })
})

test('no text needs more than a small part of the memory that Node has', async () => {
  const program = `
    const { workerData, parentPort } = require('node:worker_threads')
    import(workerData.module).then(({ parsePolicy }) => {
      for (const text of workerData.texts) try { parsePolicy(text) } catch {}
      parentPort.postMessage('done')
    })`
  const worker = new Worker(program, {
    eval: true,
    workerData: { module: import.meta.resolve('@pgsr/policy'), texts: hostile.map(([, text]) => text) },
    resourceLimits: { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32 },
  })
  const said = await new Promise((resolve, reject) => {
    worker.on('message', resolve)
    worker.on('error', reject)
  })
  await worker.terminate()
  expect(said).toBe('done')
})

describe('JSON', () => {
  const json = '{\n\t"pgsr": 1,\n\t"roles": { "alice": { "login": true } }\n}\n'

  test('is read as such, also with tabs', () => {
    const { desired, lineOf } = parsePolicy(json, { file: 'policy.json' })
    expect(desired).toEqual(parsePolicy(roles).desired)
    expect(lineOf('alice', null)).toEqual({ file: 'policy.json', line: 3, column: 13 })
  })

  test.each([
    ['a comment', '{ "pgsr": 1 } # no'],
    ['a comma too many', '{ "pgsr": 1, }'],
    ['single quotes', "{ 'pgsr': 1 }"],
    ['a key without quotes', '{ pgsr: 1 }'],
    ['no brackets', 'pgsr: 1'],
  ])('has no %s', (_, text) =>
    expect(problemsOf(() => parsePolicy(text, { format: 'json' }))[0]).toContain('not JSON'),
  )

  test('has no key twice', () =>
    expect(problemsOf(() => parsePolicy('{ "pgsr": 1, "pgsr": 1 }', { format: 'json' }))).toEqual([
      'this key is there twice; the first time in line 1',
    ]))
})

describe('data', () => {
  class Role {
    readonly login = true
  }
  const itself: Record<string, unknown> = { pgsr: 1 }
  itself.roles = itself
  const throwing = Object.defineProperty({ pgsr: 1 }, 'roles', {
    enumerable: true,
    get: () => {
      throw new Error('hunter2')
    },
  })

  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'expected plain data, not undefined'],
    ['a function', () => ({}), 'expected plain data, not a function'],
    ['a Map', new Map(), 'expected plain data, not an object of a class'],
    ['what contains itself', itself, 'or contain themselves'],
    ['a getter that throws', throwing, 'the policy cannot be read: one of its values throws'],
    ['NaN', { pgsr: Number.NaN }, 'this is no finite number'],
    ['a BigInt', { pgsr: 1n }, 'expected plain data, not a bigint'],
    [
      'a password',
      { pgsr: 1, roles: { a: { login: { password: 'hunter2' } } } },
      'a password is never in the file',
    ],
  ])('cannot be %s', (_, data, message) => {
    const problems = problemsOf(() => policyFrom(data)).join('\n')
    expect(problems).toContain(message)
    expect(problems).not.toContain('hunter')
  })

  test('is not taken for left out where it is undefined: a grant would be on more than was meant', () => {
    const names: { readonly columns?: string } = {}
    const grants = [
      { privileges: 'SELECT', columns: names.columns, tables: 't', schema: 's' },
      { privileges: ['SELECT', undefined], tables: 't', schema: 's' },
      { privileges: 'SELECT', tables: Object.assign(Array<string>(2), ['t']), schema: 's' },
    ]
    expect(() => policyFrom({ pgsr: 1, mode: undefined, roles: { a: { grants }, b: undefined } })).toThrow(
      [
        'mode: this is undefined; leave the key out, or give it a value',
        'roles.a.grants[0].columns: this is undefined; leave the key out, or give it a value',
        'roles.a.grants[1].privileges[1]: this is undefined; leave it out, or give it a value',
        'roles.a.grants[2].tables[1]: this is undefined; leave it out, or give it a value',
        'roles.b: this is undefined; leave the key out, or give it a value',
      ].join('\n'),
    )
  })

  test('may have patterns, dates, and objects without a prototype', () => {
    const policy = policyFrom({
      pgsr: 1,
      roles: Object.assign(Object.create(null) as object, {
        alice: {
          login: { validUntil: new Date('2027-06-30') },
          grants: [{ privileges: 'SELECT', tables: /^orders_/i, schema: 'sales' }],
        },
      }),
    })
    const text = 'pgsr: 1\nroles:\n  alice:\n    login: { validUntil: 2027-06-30T00:00:00.000Z }\n'
    const grants = '    grants: [{ privileges: SELECT, tables: /^orders_/i, schema: sales }]\n'
    expect(policy.desired).toEqual(parsePolicy(text + grants).desired)
    expect(policy.lineOf('alice', null)).toBeUndefined()
  })

  test('may have names that every object of JavaScript has something under', () => {
    const access = Object.fromEntries(
      ['constructor', 'toString', '__proto__'].map((name) => [name, { x: 1 }]),
    )
    expect(problemsOf(() => policyFrom({ pgsr: 1, roles: { a: { access } } }))).toEqual(
      Object.keys(access).flatMap(() => [
        'unknown key "x"; expected one of profile, tables, sequences, future, direct',
        'profile is missing in an access with profile',
      ]),
    )
  })

  test('cannot have a RegExp for a name', () =>
    expect(
      problemsOf(() =>
        policyFrom({
          pgsr: 1,
          manages: { schemas: [/^sales/] },
          roles: { a: { grants: [{ privileges: 'SELECT', tables: /^t/, schema: /^s/ }] } },
        }),
      ),
    ).toEqual(
      Array(2).fill(
        'a pattern is possible only for tables and other objects in a schema; quote a name that begins and ends with /',
      ),
    ))

  test('is said to be wrong by its path, and with its file', () => {
    class Wrong extends Role {}
    expect(() =>
      policyFrom({ pgsr: 1, roles: { a: new Wrong(), 'b c': { x: 1 } } }, { file: 'p.ts' }),
    ).toThrow('p.ts: roles["b c"].x: unknown key "x"')
  })
})

describe('a password that is in the wrong place is in no message and no path:', () => {
  const secret = 'hunter2'
  test.each([
    secret,
    `[${secret}]`,
    `{ ${secret} }`,
    `{ ${secret}: 1, ${secret}: 2 }`,
    `{ ${secret}: !tag x }`,
    `{ ${secret}: *alias }`,
    `{ ${secret}: &anchor [*anchor] }`,
    `{ password: ${secret} }`,
    `{ password: [${secret}] }`,
    `{ password: { ${secret} } }`,
    `{ password: { ${secret}: 1, ${secret}: 2 } }`,
    `{ password: { ${secret}: !tag x } }`,
    `{ password: { <<: ${secret} } }`,
    `{ password: { env: '${secret} !' } }`,
    `{ password: { envv: ${secret} } }`,
    `{ password: &${secret} x }`,
    `{ password: *${secret} }`,
    `{ password: !${secret} x }`,
    `{ password: "\\q${secret}" }`,
    `{ password: @${secret} }`,
    `{ password: %${secret} }`,
    `{ password: ${secret}: ${secret} }`,
    `{ password: "${secret} }`,
    `{ hashedBy: ${secret} }`,
    `{ validUntil: ${secret} }`,
    `{ initialPassword: { file: [${secret}] } }`,
    `{ password: ${'['.repeat(40)}${secret}${']'.repeat(40)} }`,
  ])('login: %s', (login) => {
    const text = `pgsr: 1\nroles:\n  alice:\n    login: ${login}\n`
    expect(() => parsePolicy(text)).toThrow(PolicyError)
    try {
      parsePolicy(text)
    } catch (error) {
      const { message, problems, stack } = error as PolicyError
      expect(JSON.stringify([message, problems, stack])).not.toContain('hunter')
    }
  })
})
