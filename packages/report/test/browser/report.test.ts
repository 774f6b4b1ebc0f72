import { renderReport } from '@pgsr/report'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { hostile, hostileWorld, largeWorld, shop } from '../support/worlds.ts'
import { show, type Shown, startChromium } from './chromium.ts'

let browser: Browser
let shown: Shown | undefined

beforeAll(async () => {
  browser = await startChromium()
})
afterAll(() => browser?.close())
afterEach(async () => {
  const { requests, complaints, leave } = shown ?? { requests: [], complaints: [], leave: async () => {} }
  shown = undefined
  await leave()
  // Whatever a test does, the page asks nobody for anything, and nothing goes wrong in it.
  expect(requests).toEqual([])
  expect(complaints).toEqual([])
})

const open = async (
  ...given: Parameters<typeof show> extends [Browser, ...infer More] ? More : never
): Promise<Page> => {
  shown = await show(browser, ...given)
  return shown.page
}

const openShop = (): Promise<Page> => open(renderReport({ snapshot: shop, readAt: '2027-06-30 12:00 UTC' }))

const results = (page: Page): Promise<string[]> => page.locator('#results .name').allTextContents()

const rows = async (page: Page): Promise<string[]> =>
  (await page.locator('#view tbody tr').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim())

const heading = (page: Page): Promise<string> => page.locator('#view h2').innerText()

describe('a shop', () => {
  test('says what it is about', async () => {
    const page = await openShop()
    expect(await page.title()).toBe('Who can do what in "shop"')
    expect(await page.locator('header').innerText()).toContain(
      'database shop, PostgreSQL 18, read 2027-06-30 12:00 UTC',
    )
    expect(await page.locator('.facts').innerText()).toContain('8 roles, of which 4 may log in')
    expect(await results(page)).toContain('sales.total(integer)')
  })

  test('search finds roles and objects by all words, in any case', async () => {
    const page = await openShop()
    await page.fill('#search', 'SALES ord')
    expect(await results(page)).toEqual(['sales.orders'])
    expect(await page.locator('#found').innerText()).toBe('Found 0 roles and 1 object')
    await page.fill('#search', 'ali')
    expect(await results(page)).toEqual(['alice'])
    await page.fill('#search', 'nobody is called so')
    expect(await results(page)).toEqual([])
  })

  test('a click on a table says who reaches it, and by which way; a click on the way says why', async () => {
    const page = await openShop()
    await page.fill('#search', 'orders')
    await page.click('#results a')
    await expect.poll(() => heading(page)).toBe('sales.orders')
    expect(await page.locator('#view').innerText()).toContain('owned by migrator')
    const found = await rows(page)
    expect(found.find((row) => row.startsWith('alice'))).toBe('alice by membership')
    expect(found.find((row) => row.startsWith('bob'))).toContain('after SET ROLE')
    expect(found.find((row) => row.startsWith('readers'))).toBe('readers granted to it')
    await page.locator('#view tbody tr', { hasText: 'alice' }).locator('.way').first().click()
    await expect.poll(() => heading(page)).toContain('alice and SELECT on table "sales"."orders"')
    const why = await page.locator('#view').innerText()
    expect(why).toContain('alice → readers → SELECT on sales.orders')
    expect(why).toContain('role "alice" is a member of role "readers", granted by "postgres"')
    expect(why).toContain('What it needs besides')
    await page.locator('summary').first().click()
    expect(await page.locator('.endings').first().innerText()).toContain('REVOKE')
    // And back, as in any browser.
    await page.goBack()
    await expect.poll(() => heading(page)).toBe('sales.orders')
  })

  test('a role: its memberships, its members, what it can do', async () => {
    const page = await openShop()
    await page.goto(`${shown!.url}#role/payroll`)
    const text = await page.locator('#view').innerText()
    expect(text).toContain('may not log in')
    expect(text).toMatch(/Member of\s+readers granted by postgres/)
    expect(text).toMatch(/Members\s+carol granted by postgres/)
    expect((await rows(page)).find((row) => row.startsWith('billing.salaries'))).toBe(
      'billing.salaries table SELECT granted to it UPDATE granted to it',
    )
    await page.locator('#view .links a', { hasText: 'carol' }).click()
    await expect.poll(() => heading(page)).toBe('carol')
    expect(await page.locator('#view').innerText()).toContain('and by these of readers')
  })

  test('what a role does not have, and what would give it', async () => {
    const page = await openShop()
    await page.goto(`${shown!.url}#why/alice/SELECT/table/billing/salaries`)
    const text = await page.locator('#view').innerText()
    expect(text).toContain('SELECT on table "billing"."salaries": does not have it')
    expect(text).toContain('GRANT SELECT ON TABLE "billing"."salaries" TO "alice"')
    expect(text).toContain('USAGE on schema "billing": does not have it')
  })

  test('filters: roles that may log in, schema, privilege, way, and all of them together', async () => {
    const page = await openShop()
    await page.check('#login')
    expect((await results(page)).slice(0, 4)).toEqual(['alice', 'bob', 'carol', 'postgres'])
    expect(await results(page)).not.toContain('readers')
    await page.selectOption('#schema', 'billing')
    expect((await results(page)).filter((name) => name.includes('.'))).toEqual(['billing.salaries'])
    await page.selectOption('#privilege', 'SELECT')
    await expect.poll(() => rows(page)).toEqual(['carol billing.salaries table SELECT by membership'])
    await page.selectOption('#way', { label: 'after SET ROLE' })
    await expect.poll(() => rows(page)).toEqual([])
    expect(await page.locator('#view').innerText()).toContain('Nobody but superusers')
    await page.selectOption('#schema', 'sales')
    await expect.poll(() => rows(page)).toEqual(['bob sales.orders table SELECT after SET ROLE'])
    await page.click('#clear')
    await page.selectOption('#way', { label: 'by PUBLIC' })
    await page.selectOption('#privilege', 'SELECT')
    await expect.poll(async () => (await rows(page))[0]).toBe('PUBLIC sales.prices table SELECT by PUBLIC')
  })

  test('by the keyboard alone: from the search to why, and to the next search', async () => {
    const page = await openShop()
    const { keyboard } = page
    await keyboard.press('/')
    await keyboard.type('sal')
    expect(await page.inputValue('#search')).toBe('sal')
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowDown')
    await keyboard.press('ArrowUp')
    const first = (await results(page))[0]
    expect(await page.locator(':focus .name').innerText()).toBe(first)
    await keyboard.press('ArrowUp')
    expect(await page.evaluate('document.activeElement.id')).toBe('search')
    await keyboard.press('Escape')
    expect(await page.inputValue('#search')).toBe('')
    await keyboard.type('orders')
    await keyboard.press('Enter')
    await expect.poll(() => heading(page)).toBe('sales.orders')
    // The focus is at the heading: Tab goes on from there.
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H2')
    for (let tabs = 0; tabs < 40; tabs++) {
      await keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.className')) === 'way') break
    }
    await keyboard.press('Enter')
    await expect.poll(() => heading(page)).toContain(' on table "sales"."orders"')
    for (let tabs = 0; tabs < 20; tabs++) {
      await keyboard.press('Tab')
      if ((await page.evaluate('document.activeElement.tagName')) === 'SUMMARY') break
    }
    await keyboard.press('Enter')
    expect(await page.locator('details[open]').count()).toBe(1)
    await keyboard.press('/')
    expect(await page.evaluate('document.activeElement.id')).toBe('search')
  })

  test.each(['light', 'dark'] as const)('its texts can be read in %s', async (colorScheme) => {
    const page = await open(renderReport({ snapshot: shop }), { colorScheme })
    // WCAG AA: 4.5 to 1, for every text that is shown.
    const poor = await page.evaluate(`(${contrastsBelow})(4.5)`)
    expect(poor).toEqual([])
    const [red] = await page.evaluate<string[]>(
      'getComputedStyle(document.body).backgroundColor.match(/\\d+/g)',
    )
    expect(Number(red) > 128).toBe(colorScheme === 'light')
  })

  test('on the screen of a phone nothing is wider than it', async () => {
    const page = await open(renderReport({ snapshot: shop }), { viewport: { width: 390, height: 800 } })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
  })
})

/** The texts whose colour is too near to what is behind them. It runs in the page. */
const contrastsBelow = `(least) => {
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = channels(getComputedStyle(one).backgroundColor)
      if (color.length === 3 || color[3] === 1) return color
    }
    return [255, 255, 255]
  }
  const poor = []
  let seen = 0
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '')
    if (!own || element.offsetParent === null) continue
    seen += 1
    const [a, b] = [luminance(channels(getComputedStyle(element).color)), luminance(behind(element))]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    if (ratio < least) poor.push(element.tagName + ' ' + element.textContent + ' ' + ratio.toFixed(2))
  }
  return seen < 30 ? ['only ' + seen + ' texts'] : poor
}`

describe('hostile names', () => {
  test('are shown as they are, found, and lead to what they name', async () => {
    const page = await open(renderReport({ snapshot: hostileWorld }))
    expect(await page.title()).toBe(`Who can do what in ${JSON.stringify(hostileWorld.server.database)}`)
    const title = await page.title()
    for (const name of hostile) {
      await page.fill('#search', name)
      await page.locator('#results a', { hasText: 'role, may log in' }).first().click()
      await expect.poll(() => page.locator('#view h2').textContent()).toBe(name)
      const own = page.locator('#view tbody tr', { has: page.locator('.sort', { hasText: /^table$/ }) })
      expect(await own.locator('.object').first().textContent()).toBe(`${name}.${name}`)
      await own.locator('.way').first().click()
      await expect.poll(() => page.locator('#view h2').textContent()).toContain(' on table ')
      expect(await page.locator('.step').first().innerText()).toContain('has it')
    }
    expect(await page.title()).toBe(title)
    expect(await page.locator('img, iframe, body script:not([type])').count()).toBe(1)
  })
})

describe('300 roles and 2,000 tables', () => {
  test('the page stays usable: search, filters and answers', async () => {
    const began = performance.now()
    const html = renderReport({ snapshot: largeWorld() })
    const made = performance.now() - began
    const opening = performance.now()
    const page = await open(html)
    await page.locator('#results li').first().waitFor()
    const opened = performance.now() - opening
    const times: Record<string, number> = {}
    const timed = async (what: string, act: () => Promise<unknown>): Promise<void> => {
      const start = performance.now()
      await act()
      times[what] = Math.round(performance.now() - start)
    }
    expect(await page.locator('.facts').innerText()).toContain('301 roles, of which 281 may log in')
    await timed('search', async () => {
      await page.fill('#search', 'table_1234')
      await page.locator('#results .name', { hasText: 'area_0014.table_1234' }).waitFor()
    })
    expect(await results(page)).toEqual(['area_0014.table_1234'])
    await timed('a table', async () => {
      await page.click('#results a')
      await page.locator('#view h2', { hasText: 'area_0014.table_1234' }).waitFor()
    })
    // By five groups of 42 members each, some in two of them, and one that has it itself.
    const readers = await page.locator('#view tbody tr').count()
    expect(readers).toBeGreaterThan(100)
    await timed('a role', async () => {
      await page.goto(`${shown!.url}#role/person_0042`)
      await page.locator('#view h2', { hasText: 'person_0042' }).waitFor()
    })
    expect(await page.locator('#view tbody tr').count()).toBe(200)
    await page.locator('.more', { hasText: 'these are the first 200' }).click()
    expect(await page.locator('#view tbody tr').count()).toBe(400)
    await timed('a superuser', async () => {
      await page.goto(`${shown!.url}#role/postgres`)
      await page.locator('#view h2', { hasText: 'postgres' }).waitFor()
    })
    await timed('filters', async () => {
      await page.goto(`${shown!.url}#`)
      await page.fill('#search', '')
      await page.check('#login')
      await page.selectOption('#privilege', 'DELETE')
      await page.selectOption('#schema', 'area_0019')
      await page.locator('#view tbody tr', { hasText: 'area_0019.table_0019' }).first().waitFor()
    })
    process.stdout.write(
      `report: made in ${Math.round(made)} ms, ${(html.length / 1e6).toFixed(2)} MB, opened in ${Math.round(opened)} ms, ${Object.entries(
        times,
      )
        .map(([what, time]) => `${what} ${time} ms`)
        .join(', ')}\n`,
    )
  })
})
