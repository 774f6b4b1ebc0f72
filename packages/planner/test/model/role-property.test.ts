import { namesIn, settingValue } from '../../src/model/role-property.ts'
import { describe, expect, test } from 'vitest'

describe('lists of names in settings are read as PostgreSQL reads them', () => {
  test.for<[string, readonly string[] | undefined]>([
    ['', ['']],
    ['sales', ['sales']],
    ['Sales , "Sales"', ['sales', 'Sales']],
    ['"$user", public', ['$user', 'public']],
    ['"a "" b", "a, b"', ['a " b', 'a, b']],
    ['""', ['']],
    ['a b', undefined],
    ['a,', undefined],
    [',a', undefined],
    ['"a', undefined],
  ])('%s', ([text, names]) => expect(namesIn(text)).toEqual(names))
})

test('only the values of lists have one spelling', () => {
  expect(settingValue('search_path', 'Sales,"$user"')).toBe('"sales", "$user"')
  expect(settingValue('application_name', 'Sales,"$user"')).toBe('Sales,"$user"')
  expect(settingValue('search_path', 'no list of names')).toBe('no list of names')
})
