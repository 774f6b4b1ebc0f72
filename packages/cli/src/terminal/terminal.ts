import { styleText } from 'node:util'
import { type Line, shown, type Tone } from './line.ts'

type Style = Parameters<typeof styleText>[0]

const styles: Readonly<Record<Exclude<Tone, 'plain'>, Style>> = {
  title: 'bold',
  warning: ['bold', 'yellow'],
  gain: 'green',
  loss: 'red',
  faint: 'dim',
  error: ['bold', 'red'],
}

/** Who reads the answer may stop reading, as `head` does. That does not stop the work. */
const ignoreClosedPipe = (error: NodeJS.ErrnoException): void => {
  if (error.code !== 'EPIPE') throw error
}
for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe)

/** Where the program writes: the answer to standard output, and everything else to standard error. */
export class Terminal {
  readonly #isQuiet: boolean
  /** What is shown of how far the work is, which the next thing that is written replaces. */
  #status: { readonly text: string; readonly since: number } | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet
  }

  /** Whether there is somebody to ask: who sees the answer and the question, and can type. */
  get canAsk(): boolean {
    return process.stdin.isTTY && process.stdout.isTTY && process.stderr.isTTY
  }

  /** Whether the answer is shown, and does not go to a file or another program. */
  get showsAnswers(): boolean {
    return process.stdout.isTTY
  }

  /** Writes a part of the answer. */
  answer(...lines: readonly Line[]): void {
    this.#write(process.stdout, lines)
  }

  /** Writes an answer for programs, as it is. */
  answerExactly(text: string): void {
    this.#clear()
    const written = text.endsWith('\n') ? text : `${text}\n`
    process.stdout.write(process.stdout.isTTY ? shown(written) : written)
  }

  /** Says what is good to know beside the answer. */
  say(...lines: readonly Line[]): void {
    if (!this.#isQuiet) this.#write(process.stderr, lines)
  }

  /** Says what has gone wrong. */
  complain(...lines: readonly Line[]): void {
    this.#write(process.stderr, lines)
  }

  /**
   * Says how far the work is: on a terminal in a line that is replaced by the next, elsewhere in a line of its own.
   * @param isDetail only worth a line that is replaced
   */
  progress(text: string, isDetail = false): void {
    if (this.#isQuiet) return
    if (!process.stderr.isTTY) {
      if (!isDetail) this.#write(process.stderr, [{ text }])
      return
    }
    this.#status = { text: shown(text), since: performance.now() }
    this.#timer ??= setInterval(() => this.#draw(), 1000).unref()
    this.#draw()
  }

  /** Removes what is shown of how far the work is. */
  endProgress(): void {
    this.#clear()
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#status = undefined
  }

  #draw(): void {
    if (this.#status === undefined) return
    const { text, since } = this.#status
    const seconds = Math.floor((performance.now() - since) / 1000)
    const line = `${text} …${seconds < 2 ? '' : ` ${seconds} s`}`
    const room = (process.stderr.columns || 80) - 1
    process.stderr.write(`\r\u001B[K${this.#styled(process.stderr, 'faint', line.slice(0, room))}`)
  }

  #clear(): void {
    if (this.#status !== undefined) process.stderr.write('\r\u001B[K')
  }

  #write(stream: NodeJS.WriteStream, lines: readonly Line[]): void {
    this.#clear()
    for (const { text, tone = 'plain', from } of lines) {
      const place = from === undefined ? '' : `  ${this.#styled(stream, 'faint', shown(from))}`
      stream.write(`${this.#styled(stream, tone, shown(text))}${place}\n`)
    }
    if (this.#timer !== undefined) this.#draw()
  }

  #styled(stream: NodeJS.WriteStream, tone: Tone, text: string): string {
    // `hasColors` knows of NO_COLOR and FORCE_COLOR.
    const isColourful = stream.isTTY && stream.hasColors()
    return isColourful && tone !== 'plain' && text !== '' ? styleText(styles[tone], text) : text
  }
}
