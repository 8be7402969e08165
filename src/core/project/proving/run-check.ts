import { join, relative } from 'node:path';
import type { Clock } from '../../kernel/clock.ts';
import type { CheckRun } from '../../kernel/phases/proving.ts';
import { OutputFile } from './output-file.ts';
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
  /** It passed when it was repeated, but that is new with the work. */
  passed?: { outputPath: string; lastLines: string };
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
  const how = failure && howItFailed(failure);
  const run: CheckRun = {
    command,
    isSetup,
    exitCode,
    how,
    durationMs: Math.round(clock.monotonic() - startedAt),
    ...file.facts,
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
