import { expect, test } from 'vitest'
import { sortedBy, sortedUnique } from '../../src/util/collections.ts'
import { freeName } from '../../src/util/free-name.ts'

test('texts are sorted by code unit, whatever the locale', () => {
  expect(sortedUnique(['b', 'ä', 'B', 'a', 'b'])).toEqual(['B', 'a', 'b', 'ä'])
  expect(sortedBy([{ key: 'b' }, { key: 'a' }], ({ key }) => key)).toEqual([{ key: 'a' }, { key: 'b' }])
})

const named = (id: string): string => `_${id}`

test('a free name depends only on its seed, until that name is taken', () => {
  const first = freeName(named, 'seed', () => false)
  expect(freeName(named, 'seed', (name) => name === '_other')).toBe(first)
  expect(freeName(named, 'another seed', () => false)).not.toBe(first)
  expect(freeName(named, 'seed', (name) => name === first)).toMatch(/^_[0-9a-f]{8}$/)
  expect(freeName(named, 'seed', (name) => name === first)).not.toBe(first)
})
