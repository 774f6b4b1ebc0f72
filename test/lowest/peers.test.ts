import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as nodePostgres from '@pgsr/node-postgres/effect'
import * as postgresJs from '@pgsr/postgres-js/effect'
import * as Effect from 'effect/Effect'
import pg from 'pg'
import postgres from 'postgres'
import { expect, test } from 'vitest'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')

interface Package {
  readonly name: string
  readonly version: string
  readonly peerDependencies: Readonly<Record<string, string>>
}

const packageIn = async (directory: string): Promise<Package> =>
  JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Package

/** The directories of the peers whose code is what calls this. */
const callers = (): readonly string[] => {
  const stack = decodeURI(new Error('here').stack ?? '')
  const frames = stack.matchAll(/(?:at |\()(?:file:\/\/)?([^(\n]*\/node_modules\/(?:effect|pg|postgres))\//g)
  return [...frames].map(([, directory = '']) => directory)
}

/**
 * Only a part of the packages needs effect, but npm would not install any of them beside an optional peer that is out of
 * range. The documentation has the range.
 */
const rangeOf = (name: string, range: string): string => (name === 'effect' ? '^4.0.0' : range)

const ignore = (): undefined => undefined

test('these tests run with the lowest version of every peer', async () => {
  const directories = new Set<string>()
  const look = (): never => {
    for (const directory of callers()) directories.add(directory)
    throw new Error('seen')
  }
  const options = {
    get host(): string {
      return look()
    },
  }
  const client = { query: look, connect: look, on: ignore, off: ignore, getTypeParser: ignore }
  const desired = { role: 'nobody', grants: [] }
  const sql = { unsafe: look, typed: look }
  for (const call of [
    Effect.provide(nodePostgres.introspect(desired), nodePostgres.layer(client as never)),
    Effect.provide(postgresJs.introspect(desired), postgresJs.layer(sql as never)),
  ])
    await expect(Effect.runPromise(call)).rejects.toThrow('seen')
  expect(() => new pg.Client(options)).toThrow('seen')
  expect(() => postgres(options)).toThrow('seen')

  const ran = await Promise.all([...directories].map(packageIn))
  const ours = ['driver', 'node-postgres', 'postgres-js'].map((name) => join(root, 'packages', name))
  const ranges = (await Promise.all(ours.map(packageIn))).flatMap((one) =>
    Object.entries(one.peerDependencies).map(([name, range]) => `${name} ${rangeOf(name, range)}`),
  )
  expect(ran.map(({ name, version }) => `${name} ^${version}`).sort()).toEqual([...new Set(ranges)].sort())
})
