import { afterAll, beforeAll, describe, inject } from 'vitest'
import { oldestAndNewest, type TestServer } from '../servers/servers.ts'
import { openWorkplace, type Workplace } from './workplace.ts'

/** Each call of the command is a process of its own, of which a busy machine starts one in some seconds. */
const processesTake = 300_000

/** Describes what the command does in a workplace on the oldest and the newest server: it depends little on their versions. */
export const inWorkplaces = (tests: (place: () => Workplace, server: TestServer) => void): void =>
  describe.each(oldestAndNewest(inject('servers')))('$name', { timeout: processesTake }, (server) => {
    let place: Workplace
    beforeAll(async () => {
      place = await openWorkplace(server)
    })
    afterAll(() => place?.leave())
    tests(() => place, server)
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
