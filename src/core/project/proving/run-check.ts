import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import { newFingerprint } from '../../kernel/files/fingerprint.ts';
import type { CheckRun } from '../../kernel/phases/proving.ts';
import { type CommandFailure, type ProjectCommandOptions, runProjectShell } from './project-command.ts';

export interface CheckPlace extends Pick<ProjectCommandOptions, 'cwd' | 'env' | 'inside' | 'started'> {
  outputDir: string;
  /** Paths of output files are relative to this folder. */
  outputRoot: string;
  timeoutMs: number;
  signal: AbortSignal;
  begins?: ((command: string) => void) | undefined;
}

export interface FailedCheck extends CommandFailure {
  command: string;
  outputPath: string;
}

export interface CheckEnd {
  run: CheckRun;
  failure: FailedCheck | undefined;
}

/** Runs one command, with its output in a file. @throws the signal's reason once aborted */
export async function runCheck(
  clock: Pick<Clock, 'monotonic'>,
  { command, isSetup, name }: { command: string; isSetup?: true; name: string },
  { outputDir, outputRoot, signal, begins, ...place }: CheckPlace,
): Promise<CheckEnd> {
  const outputPath = join(outputDir, `${name}.txt`);
  using file = new OutputFile(outputPath);
  begins?.(command);
  const startedAt = clock.monotonic();
  const output = (chunk: Uint8Array) => file.add(chunk);
  const { exitCode, lastLines, failure } = await runProjectShell(command, { ...place, signal, output });
  if (failure !== undefined) signal.throwIfAborted();
  const { bytes, hash } = file.close();
  const how = failure && howItFailed(failure);
  const run: CheckRun = {
    command,
    isSetup,
    exitCode,
    how,
    durationMs: Math.round(clock.monotonic() - startedAt),
    outputHash: hash,
    outputBytes: bytes,
    output: relative(outputRoot, outputPath),
    tail: tailOf(lastLines),
  };
  return {
    run,
    failure: failure && { ...failure, how: how ?? '', command, outputPath },
  };
}

export function howItFailed({ how, missing }: CommandFailure): string {
  return missing === undefined ? how : `${how}: the shell cannot find "${missing}"`;
}

const TAIL_LINES = 20;
const TAIL_CHARS = 2000;

/** The part of an output shown in a proof, which may be published. */
export function tailOf(lastLines: string): string | undefined {
  let lines = lastLines.split('\n').slice(-TAIL_LINES);
  while (lines.length > 1 && lines.join('\n').length > TAIL_CHARS) lines = lines.slice(1);
  return lines.join('\n') || undefined;
}

/** Bytes kept of the beginning and the end of an output, which can be a gigabyte. */
const MAX_HEAD = 16 * 1024 * 1024;
const MAX_END = 1024 * 1024;

/** Collects the output of one command: a bounded file, and the fingerprint of all of it. */
class OutputFile implements Disposable {
  readonly #descriptor: number;
  readonly #hash = newFingerprint();
  #bytes = 0;
  #end: Uint8Array[] = [];
  #endBytes = 0;
  #isWritable = true;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(path, { recursive: true, force: true });
    // Created exclusively, so that no link is followed.
    this.#descriptor = openSync(path, 'wx', 0o600);
  }

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    const room = Math.max(0, MAX_HEAD - this.#bytes);
    this.#bytes += chunk.length;
    if (room > 0) this.#write(chunk.subarray(0, room));
    const rest = chunk.subarray(room);
    if (rest.length === 0) return;
    this.#end.push(rest);
    this.#endBytes += rest.length;
    while (this.#endBytes - (this.#end[0]?.length ?? 0) >= MAX_END)
      this.#endBytes -= this.#end.shift()?.length ?? 0;
  }

  /** Writes the rest. @returns the total number of bytes and their fingerprint */
  close(): { bytes: number; hash: string } {
    const left = this.#bytes - MAX_HEAD - this.#endBytes;
    if (left > 0) this.#write(Buffer.from(`\n… ${left} bytes left out …\n`));
    for (const chunk of this.#end) this.#write(chunk);
    this.#end = [];
    return { bytes: this.#bytes, hash: this.#hash.digest('hex') };
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  // A full disk must end neither the check nor the worker.
  #write(bytes: Uint8Array): void {
    if (!this.#isWritable) return;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    } catch {
      this.#isWritable = false;
    }
  }
}
