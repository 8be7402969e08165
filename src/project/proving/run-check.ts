import { join, relative } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import type { CheckRun } from '../../phases/proving.ts';
import {
  type CommandFailure,
  type ProjectCommandOptions,
  runProjectShell,
} from '../finding/project-command.ts';
import { OutputFile } from './output-file.ts';

/** Where a set of commands runs, and what is known of each run. */
export interface CheckPlace extends Pick<ProjectCommandOptions, 'cwd' | 'env' | 'inside'> {
  /** Takes a file for the output of each command. */
  outputDir: string;
  /** The folder from which the files of the outputs are named. */
  outputRoot: string;
  timeoutMs: number;
  signal: AbortSignal;
  /** Told before each. */
  begins?: ((command: string) => void) | undefined;
}

/** A command that did not exit with 0. */
export interface FailedCheck extends CommandFailure {
  command: string;
  outputPath: string;
  lastLines: string;
}

export interface CheckEnd {
  run: CheckRun;
  failure: FailedCheck | undefined;
}

/** Runs one command to its end, its output to a file. @throws the signal's reason once it is aborted */
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
  const { exitCode, failure } = await runProjectShell(command, { ...place, signal, output });
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
    tail: tailOf(file.lastLines, place.env),
  };
  return {
    run,
    failure: failure && { ...failure, how: how ?? '', command, outputPath, lastLines: file.lastLines },
  };
}

function howItFailed({ how, missing }: CommandFailure): string {
  return missing === undefined ? how : `${how}: the shell does not find "${missing}"`;
}

const TAIL_LINES = 10;
const TAIL_CHARS = 1000;

/** What a proof shows of an output: it may be posted for everyone to read. */
function tailOf(lastLines: string, env: Readonly<Record<string, string>>): string | undefined {
  const secrets = Object.entries(env).filter(([name, value]) => SECRET_NAME.test(name) && value.length >= 8);
  const shown = secrets.reduce((text, [name, value]) => text.replaceAll(value, `[${name}]`), lastLines);
  let lines = shown.split('\n').slice(-TAIL_LINES);
  while (lines.length > 1 && lines.join('\n').length > TAIL_CHARS) lines = lines.slice(1);
  return lines.join('\n') || undefined;
}

const SECRET_NAME = /KEY|TOKEN|SECRET|PASSW|CREDENTIAL/i;
