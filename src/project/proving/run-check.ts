import { join } from 'node:path';
import type { CheckRun } from '../../phases/proving.ts';
import { type CommandFailure, runProjectShell } from '../../project/finding/project-command.ts';
import type { Guard } from '../../providers/starting/guard.ts';
import type { Worker } from '../core/worker.ts';
import { OutputFile } from './output-file.ts';
import { insideOf } from './run-project-command.ts';

/** Where a set of commands runs, and what is known of each run. */
export interface CheckPlace {
  cwd: string;
  env: Record<string, string>;
  guard: Guard | undefined;
  /** Takes a file for the output of each command. */
  outputDir: string;
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
  { clock, paths }: Pick<Worker, 'clock' | 'paths'>,
  { command, isSetup, name }: { command: string; isSetup?: true; name: string },
  { cwd, env, guard, outputDir, timeoutMs, signal, begins }: CheckPlace,
): Promise<CheckEnd> {
  const outputPath = join(outputDir, `${name}.txt`);
  using file = new OutputFile(outputPath);
  begins?.(command);
  const startedAt = clock.monotonic();
  const { exitCode, failure } = await runProjectShell(command, {
    ...{ cwd, env, signal, timeoutMs },
    ...insideOf(guard, env),
    output: (chunk) => file.add(chunk),
  });
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
    output: outputPath.slice(paths.runDir.length + 1),
  };
  return {
    run,
    failure: failure && { ...failure, how: how ?? '', command, outputPath, lastLines: file.lastLines },
  };
}

function howItFailed({ how, missing }: CommandFailure): string {
  return missing === undefined ? how : `${how}: the shell does not find "${missing}"`;
}

/** A failed check in the words of a note: its own line, then its last lines, which are quoted. */
export function failureNote({ command, how, outputPath, lastLines }: FailedCheck): string {
  const head = `\`${command}\` failed (${how}). Its whole output: ${outputPath}`;
  return lastLines === '' ? head : `${head}\n${lastLines}`;
}
