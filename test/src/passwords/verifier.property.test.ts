import { createHash } from 'node:crypto'
import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import {
  isBrokenVerifier,
  isEndlessVerifier,
  isOfEmptyPassword,
  isUnknownVerifier,
  isVerifier,
  matches,
  verifierOf,
} from '../../../packages/driver/src/passwords/verifier.ts'
import { connectionTo } from '../../harness/servers/servers.ts'

/** Blocks of Unicode in which something happens to a password, or that are newer than what PostgreSQL knows. */
const blocks: readonly (readonly [number, number])[] = [
  [0x0001, 0x007f],
  [0x0080, 0x024f],
  [0x02b0, 0x04ff], // combining marks, Greek, Cyrillic
  [0x0590, 0x08ff], // from right to left
  [0x0900, 0x0fff],
  [0x1100, 0x11ff], // Hangul in parts
  [0x1680, 0x1fff],
  [0x2000, 0x206f], // spaces, and what is not seen
  [0x2070, 0x2bff],
  [0x2e80, 0x33ff],
  [0xabf0, 0xd7ff], // Hangul
  [0xe000, 0xe010],
  [0xf8f0, 0xfaff],
  [0xfb00, 0xfdff],
  [0xfe00, 0xffff],
  [0x10300, 0x10fff],
  [0x1d000, 0x1d7ff],
  [0x1ee00, 0x1fbff], // Arabic mathematics, emoji, digits
  [0x2f800, 0x2fa2f],
  [0xdfff0, 0xe01ff],
  [0x10fff0, 0x10ffff],
]

const character = fc
  .oneof(...blocks.map(([min, max]) => ({ weight: 1, arbitrary: fc.integer({ min, max }) })), {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 0x10ffff }),
  })
  .filter((code) => code < 0xd800 || code > 0xdfff)
  .map((code) => String.fromCodePoint(code))

/** What SASLprep allows, and mostly changes. */
const allowed = fc.constantFrom(
  ...'a é e\u0301 q\u0307\u0323 \u00A0 \u00AD \u034F \u1680 \u2003 \u200B \u200D \u2060 \u3000 \uFEFF \uFE0F'.split(
    ' ',
  ),
  ...'Ⅸ ﬁ ½ ª ² ㎏ ℌ Å Ω ǆ ﷺ ｶﾞ ㈱ ⑳ \u1100\u1161\u11A8 가\u11A8 \u0344 \u0958 \u{1D400} \u{2F800}'.split(' '),
)

const fromRightToLeft = fc.constantFrom(
  ...'\u05D0 \uFB2A \uFEFB \u0627\u0653 \u0660 1 \u00A0 \u200C \u0301'.split(' '),
)

const joined = (characters: fc.Arbitrary<string>) =>
  fc.array(characters, { minLength: 1, maxLength: 10, size: 'max' }).map((each) => each.join(''))

/** One strange character tells most where everything else would be allowed, and changed. */
const password = fc.oneof(
  character,
  joined(character),
  joined(allowed),
  joined(fc.oneof(allowed, fromRightToLeft)),
  fc.tuple(joined(allowed), character, joined(allowed)).map((parts) => parts.join('')),
  fc.tuple(joined(fromRightToLeft), character, joined(fromRightToLeft)).map((parts) => parts.join('')),
  character.map((strange) => `${strange}\u00A0\u05D0`),
  character.map((strange) => `\u05D0\u00A0${strange}`),
)

const salt = 'c2FsdA=='
const key = `${'A'.repeat(43)}=`
const md5 = '0123456789abcdef'.repeat(2)

/** What every server takes for a verifier. */
const verifiers: readonly string[] = [
  `SCRAM-SHA-256$4096:${salt}$${key}:${key}`,
  `SCRAM-SHA-256$1:AAAA$${key}:${key}`,
  `SCRAM-SHA-256$999:+/8=$${key}:${key}`,
  `md5${md5}`,
]

/** What is meant as one, and is stored as it is by some servers or by none. */
const broken: readonly string[] = [
  'SCRAM-SHA-256$',
  'SCRAM-SHA-256$correct horse battery staple',
  ...['', '0', '-1', '+1', ' 1', '1 ', '1a', '0x1', '4294967297', '99999999999999999999'].map(
    (iterations) => `SCRAM-SHA-256$${iterations}:${salt}$${key}:${key}`,
  ),
  ...['', ' ', 'A', 'AA', 'AAA', 'AA==AA==', 'A===', 'A A A', 'é', '----'].map(
    (each) => `SCRAM-SHA-256$1:${each}$${key}:${key}`,
  ),
  ...[
    '',
    key.slice(1),
    `A${key}`,
    `${key} `,
    `${key}\n`,
    `${key}:`,
    'A'.repeat(43),
    'A'.repeat(44),
    `${'A'.repeat(42)}==`,
  ].flatMap((each) => [`SCRAM-SHA-256$1:${salt}$${each}:${key}`, `SCRAM-SHA-256$1:${salt}$${key}:${each}`]),
  `SCRAM-SHA-256$:1:${salt}$${key}:${key}`,
  `SCRAM-SHA-256$1:$${salt}$${key}:${key}`,
]

/** What only looks like one, to people: to every server it is a password. */
const lookalikes: readonly string[] = [
  'SCRAM-SHA-256',
  `scram-sha-256$1:${salt}$${key}:${key}`,
  `SCRAM-SHA-512$1:${salt}$${key}:${key}`,
  ` SCRAM-SHA-256$1:${salt}$${key}:${key}`,
  `md5${md5.toUpperCase()}`,
  `md5${md5}0`,
  `md5${md5}\n`,
  `md5${md5.slice(1)}`,
  `md5${md5.slice(1)}g`,
  `MD5${md5}`,
]

const roleOf = (index: number): string => `verifier_${process.pid}_${index}`

describe.for(inject('servers'))('$name', (server) => {
  const { version } = server
  let client: pg.Client

  beforeAll(async () => {
    client = new pg.Client(connectionTo(server))
    await client.connect()
    await client.query('set client_min_messages = error')
    if (version >= 100000) await client.query(`set password_encryption = 'scram-sha-256'`)
    if (version >= 160000) await client.query('set scram_iterations = 1')
  })
  afterAll(() => client.end())

  /** What the server stores for texts that it is given as passwords, each by the role of its index. */
  const storedFor = async (texts: readonly string[]): Promise<readonly (string | null)[]> => {
    const creations = texts.map(
      (text, index) => `create role ${roleOf(index)} encrypted password ${pg.escapeLiteral(text)}`,
    )
    try {
      await client.query(['begin', ...creations].join(';'))
      const { rows } = await client.query<{ rolpassword: string | null }>(
        'select rolpassword from pg_authid join unnest($1::text[]) with ordinality as the(name, nth) on rolname = name order by nth',
        [texts.map((_, index) => roleOf(index))],
      )
      return rows.map(({ rolpassword }) => rolpassword)
    } finally {
      await client.query('rollback')
    }
  }

  test('prepares every password as the server does', async () => {
    const property = fc.asyncProperty(fc.array(password, { minLength: 50, maxLength: 50 }), async (all) => {
      const stored = await storedFor(all)
      const matching = await Promise.all(
        all.map((each, index) => matches(stored[index]!, roleOf(index), each, version)),
      )
      expect(all.filter((_, index) => !matching[index])).toEqual([])
    })
    // One iteration in place of 4,096 is done in no time.
    await fc.assert(property, { numRuns: version >= 160000 ? 20 : 4, interruptAfterTimeLimit: 15_000 })
  })

  test('recognizes the same verifiers as the server', async () => {
    const known = version >= 100000 ? verifiers : verifiers.filter((text) => text.startsWith('md5'))
    expect(await storedFor(known)).toEqual(known)
    expect(verifiers.filter((text) => !isVerifier(text))).toEqual([])
    expect(verifiers.filter((text) => isUnknownVerifier(version, text) === known.includes(text))).toEqual([])

    // 9.6 takes whatever has the length of one and begins like it.
    const taken = lookalikes.filter((text) => version < 100000 && /^md5[^]{32}$/.test(text))
    expect((await storedFor(lookalikes)).filter((stored) => lookalikes.includes(stored!))).toEqual(taken)
    expect([...broken, ...lookalikes].filter(isVerifier)).toEqual([])
    expect([...verifiers, ...broken, ...lookalikes].filter(isBrokenVerifier)).toEqual(broken)
  })

  test('recognizes its own verifiers', async () => {
    const role = roleOf(0)
    for (const each of ['plain', 'Ⅸ\u00A0\u00AD', ...verifiers]) {
      if (isUnknownVerifier(version, each)) continue
      const [stored] = await storedFor([await verifierOf(version, role, each)])
      expect(await matches(stored!, role, each, version)).toBe(true)
      expect(await matches(stored!, role, `${each}x`, version)).toBe(false)
      expect(await matches(stored!, role, `x${each}`, version)).toBe(false)
    }
  })

  test('recognizes which verifiers the server does not store', async () => {
    const role = roleOf(0)
    const own = await Promise.all(['', ' ', '\u00AD'].map((each) => verifierOf(version, role, each)))
    const md5s = ['', ' '].map((each) => `md5${createHash('md5').update(`${each}${role}`).digest('hex')}`)
    for (const verifier of [...verifiers.slice(-1), ...own, ...md5s]) {
      const [stored] = await storedFor([verifier])
      expect(await isOfEmptyPassword(version, role, verifier)).toBe(stored === null)
    }
  })
})

test('an md5 verifier is accepted for PostgreSQL 9.6 only', async () => {
  const stored = `md5${createHash('md5').update('sesamealice').digest('hex')}`
  expect(await verifierOf(90624, 'alice', 'sesame')).toBe(stored)
  expect(await matches(stored, 'alice', 'sesame', 90624)).toBe(true)
  expect(await matches(stored, 'bob', 'sesame', 90624)).toBe(false)
  expect(await matches(stored, 'alice', 'sesame', 100023)).toBe(false)
  expect(await matches(stored, 'alice', stored, 100023)).toBe(true)
})

test('a verifier has the iterations that are asked for', async () => {
  const stored = await verifierOf(180000, 'alice', 'sesame', 7)
  expect(stored).toMatch(/^SCRAM-SHA-256\$7:/)
  expect(await verifierOf(180000, 'alice', 'sesame')).toMatch(/^SCRAM-SHA-256\$4096:/)
  expect(await matches(stored, 'alice', 'sesame', 180000)).toBe(true)
  expect(await matches(stored, 'alice', 'sesame', 180000, 7)).toBe(true)
  expect(await matches(stored, 'alice', 'sesame', 180000, 4096)).toBe(false)
  expect(await matches(stored, 'alice', stored, 180000, 4096)).toBe(true)
})

test('a verifier that would take hours to check counts as that of another password', async () => {
  const stored = `SCRAM-SHA-256$2147483647:${salt}$${key}:${key}`
  expect(isVerifier(stored)).toBe(true)
  expect(isEndlessVerifier(stored)).toBe(true)
  expect(isEndlessVerifier(stored.replace('2147483647', '1000000'))).toBe(false)
  expect(isEndlessVerifier('2147483647')).toBe(false)
  expect(await matches(stored, 'alice', 'sesame', 180000, 2147483647)).toBe(false)
  expect(await matches(stored, 'alice', 'sesame', 180000)).toBe(false)
})
