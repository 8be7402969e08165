import { StringDecoder } from 'node:string_decoder';

/** More records than a repository has files: beyond it, memory is at risk, whatever a caller keeps. */
const MAX_RECORDS = 4_000_000;
/** Longer than any path. */
const MAX_RECORD_CHARS = 1024 * 1024;
/** Kept of what git says about a failure. */
const MAX_SAID = 64 * 1024;

interface RecordsPlan {
  /** What follows each record. */
  end: '\0' | '\n';
  encoding?: BufferEncoding | undefined;
  /** Returns false if it needs no more. */
  take: (record: string) => unknown;
}

/** Splits the output of a program into records as it arrives, and keeps none of them. */
export class Records {
  readonly limit = `${MAX_RECORDS} records, or at one of ${MAX_RECORD_CHARS} characters`;
  readonly #plan: RecordsPlan;
  readonly #decoder: StringDecoder;
  #rest = '';
  #count = 0;
  #said = '';
  #thrown: unknown;
  #isEnough = false;
  #isTooMuch = false;
  #stop: () => void = () => undefined;

  constructor(plan: RecordsPlan) {
    this.#plan = plan;
    this.#decoder = new StringDecoder(plan.encoding ?? 'utf8');
  }

  get hasBegun(): boolean {
    return this.#count > 0;
  }

  get isTooMuch(): boolean {
    return this.#isTooMuch;
  }

  /** @param stop ends the program */
  begin(stop: () => void): void {
    this.#said = '';
    this.#rest = '';
    this.#stop = stop;
  }

  add(chunk: Uint8Array, of: 'stdout' | 'stderr'): void {
    if (of === 'stderr') {
      if (this.#said.length < MAX_SAID) this.#said += Buffer.from(chunk).toString('utf8');
    } else if (!this.#isOver()) {
      this.#takeAll(this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
      if (this.#isOver()) this.#stop();
    }
  }

  /**
   * The result of the program as if its output had been kept.
   * @throws what `take` has thrown
   */
  result<T extends { exitCode: number | null }>(ended: T): T & { stdout: string; stderr: string } {
    // git ends the last line of some output, and the last record of none, without its mark.
    if (!this.#isOver() && this.#rest !== '') this.#takeOne(this.#rest);
    if (this.#thrown !== undefined) throw this.#thrown;
    const exitCode = this.#isEnough ? 0 : ended.exitCode;
    return { ...ended, exitCode, stdout: '', stderr: this.#said };
  }

  #takeAll(text: string): void {
    const records = `${this.#rest}${text}`.split(this.#plan.end);
    this.#rest = records.pop() ?? '';
    for (const record of records) {
      this.#takeOne(record);
      if (this.#isOver()) return;
    }
    this.#isTooMuch = this.#count > MAX_RECORDS || this.#rest.length > MAX_RECORD_CHARS;
  }

  #takeOne(record: string): void {
    this.#count += 1;
    try {
      this.#isEnough = this.#plan.take(record) === false;
    } catch (error) {
      // Thrown to the caller: from here it would end the whole process.
      this.#thrown = error;
    }
  }

  #isOver(): boolean {
    return this.#isEnough || this.#isTooMuch || this.#thrown !== undefined;
  }
}
