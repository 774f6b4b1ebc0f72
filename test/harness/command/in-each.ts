import { afterAll, beforeAll, describe, inject } from 'vitest'
import { type Cluster, startCluster } from '../servers/cluster.ts'
import { oldestAndNewest, type TestServer } from '../servers/servers.ts'
import { openWorkplace, type Workplace } from './workplace.ts'

/** Each call of the command is a process of its own, of which a busy machine starts one in some seconds. */
const processesTake = 300_000

/**
 * It depends little on the version of the server what the command does. What does is tested on more of them without it.
 * `PGSR_TEST_PAIRINGS=all` has all tests on the oldest server, too.
 */
export const serversOfCommand = (): readonly TestServer[] => {
  const ends = oldestAndNewest(inject('servers'))
  return process.env.PGSR_TEST_PAIRINGS === 'all' ? ends : ends.slice(-1)
}

/** Describes what the command does in a workplace. */
export const inWorkplaces = (tests: (place: () => Workplace, server: TestServer) => void): void =>
  describe.each(serversOfCommand())('$name', { timeout: processesTake }, (server) => {
    let place: Workplace
    beforeAll(async () => {
      place = await openWorkplace(server)
    })
    afterAll(() => place?.leave())
    tests(() => place, server)
  })

/**
 * Describes what the command does in a workplace of a cluster where no other test is at work. Roles of other tests may be
 * members of superusers, and so break what is asserted of everybody, and `prune` drops roles of the whole cluster.
 */
export const inWorkplacesApart = (tests: (place: () => Workplace) => void): void =>
  describe.each(serversOfCommand())('$name, apart', { timeout: processesTake }, (server) => {
    let cluster: Cluster
    let place: Workplace
    beforeAll(async () => {
      cluster = await startCluster(Math.floor(server.version / 10_000))
      place = await openWorkplace(cluster)
    })
    afterAll(async () => {
      await place?.leave()
      await cluster?.stop()
    })
    tests(() => place)
  })

/** Tables that tests give access to. */
export const sample = `
create schema sales;
create table sales.customers (id int);
create table sales.orders_2025 (id int);
create table sales.orders_2026 (id int);
create schema hr;
create table hr.employees (name text);
`
