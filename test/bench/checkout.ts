import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Promises } from '@pgsr/driver/api'
import type * as nodePostgres from '@pgsr/node-postgres'
import type * as postgresJs from '@pgsr/postgres-js'
import { driversOf, type Driver } from '../harness/drivers/drivers.ts'

/** The checkout that this is in, from where it is compiled to. */
export const ownCheckout = fileURLToPath(new URL('../../..', import.meta.url))

/** A package as a checkout has built it. */
export const builtPackage = (checkout: string, name: string): string =>
  pathToFileURL(join(resolve(checkout), 'packages', name, 'dist/index.js')).href

/** The drivers of another checkout, which has to be built. */
export const driversIn = async (checkout: string): Promise<readonly Driver[]> => {
  const urls = ['node-postgres', 'postgres-js'].map((name) => builtPackage(checkout, name))
  for (const url of urls) await access(new URL(url))
  const [first, second] = (await Promise.all(urls.map((url) => import(url)))) as [
    Promises<nodePostgres.Connection>,
    Promises<postgresJs.Connection>,
  ]
  return driversOf(first, second)
}
