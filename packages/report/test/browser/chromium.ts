import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** Where a Chromium usually is. */
const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
]

const found = (): string => {
  const named = process.env['PGSR_TEST_CHROMIUM']
  const path = named ?? places.find((place) => existsSync(place))
  if (path !== undefined && existsSync(path)) return path
  throw new Error(
    named === undefined
      ? `these tests need a Chromium, and there is none in ${places.join(', ')}; install one (apt-get install chromium), or say where it is with PGSR_TEST_CHROMIUM`
      : `there is no Chromium at ${named}, where PGSR_TEST_CHROMIUM says that it is`,
  )
}

/** Starts the browser. Without one the tests fail: nothing is skipped. */
export const startChromium = (): Promise<Browser> =>
  // In a container root has no sandbox. The page is one of ours, and has no network.
  chromium.launch({ executablePath: found(), chromiumSandbox: process.getuid?.() !== 0 })

/** A page of the browser that shows a report from a file, and what has gone wrong in it. */
export interface Shown {
  readonly page: Page
  readonly url: string
  /** What the page asked a network for, apart from its own file. */
  readonly requests: readonly string[]
  /** Errors of its script, and what the browser complains of, such as breaches of the Content-Security-Policy. */
  readonly complaints: readonly string[]
  readonly leave: () => Promise<void>
}

export const show = async (
  browser: Browser,
  html: string,
  options: BrowserContextOptions = {},
): Promise<Shown> => {
  const directory = await mkdtemp(join(tmpdir(), 'pgsr-report-'))
  const file = join(directory, 'access.html')
  await writeFile(file, html)
  const url = pathToFileURL(file).href
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const requests: string[] = []
  const complaints: string[] = []
  page.on('request', (request) => {
    if (request.url() !== url && request.url().split('#')[0] !== url) requests.push(request.url())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  await page.goto(url)
  return {
    page,
    url,
    requests,
    complaints,
    leave: async () => {
      await context.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
