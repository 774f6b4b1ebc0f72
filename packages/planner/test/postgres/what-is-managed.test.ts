import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { attributeWords, isGrantableAttribute } from '../../src/postgres/attribute.ts'
import { type FutureObjects, futureObjects } from '../../src/postgres/default-privileges.ts'
import { type ObjectKind, objectKinds } from '../../src/postgres/object-kind.ts'
import { privilegesSince } from '../../src/postgres/privilege.ts'

const page = await readFile(new URL('../../../../docs/what-is-managed.md', import.meta.url), 'utf8')

/** The rows of the first table under a heading, each a list of cells. */
const tableUnder = (heading: string): readonly (readonly string[])[] => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

const major = (version: number | undefined): string =>
  version === undefined ? '' : String(Math.floor(version / 10_000))

describe('the page that says what is managed', () => {
  test('lists every kind of object as the code does', () => {
    const expected = (Object.keys(objectKinds) as ObjectKind[]).map((kind) => {
      const { privileges, ownerKeyword, matchable, shared, since } = objectKinds[kind]
      return [
        kind,
        privileges
          .map((one) =>
            privilegesSince[one] === undefined ? one : `${one} (${major(privilegesSince[one])})`,
          )
          .join(', '),
        ownerKeyword === undefined ? '' : 'yes',
        matchable === true ? 'yes' : '',
        shared === true ? 'the cluster' : 'the database',
        major(since),
      ]
    })
    expect(tableUnder('Objects')).toEqual(expected)
  })

  test('lists every attribute', () => {
    const expected = attributeWords.map((word) => [word, isGrantableAttribute(word) ? 'yes' : 'if asked for'])
    expect(tableUnder('Attributes')).toEqual(expected)
  })

  test('lists every kind of object that has default privileges', () => {
    const expected = (Object.keys(futureObjects) as FutureObjects[]).map((on) => {
      const { become, since } = futureObjects[on]
      return [on, become.join(', '), major(since)]
    })
    expect(tableUnder('Default privileges')).toEqual(expected)
  })
})
