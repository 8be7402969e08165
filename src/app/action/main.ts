#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { isSamocodeError } from '../../core/kernel/errors.ts';
import { code } from '../../core/session/documents/markdown-lines.ts';
import { fetchWork } from '../../extensions/github/action/fetch-work.ts';
import { repeatWork } from '../../extensions/github/action/repeat-work.ts';
import { addSummary, type Runner } from '../../extensions/github/action/runner.ts';
import { useProviders } from '../extensions/providers.ts';
import { useApplicationRunner } from '../extensions/runner.ts';

useProviders();
useApplicationRunner();

// Runs one step of action.yml: `fetch` or `repeat`.
const cancel = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => cancel.abort(new Error(signal)));

const runner: Runner = {
  env: process.env,
  signal: cancel.signal,
  log: (line) => process.stdout.write(`${line}\n`),
};

const STEPS: Readonly<Record<string, (runner: Runner) => Promise<boolean>>> = {
  fetch: async (given) => {
    await fetchWork(given);
    return true;
  },
  repeat: repeatWork,
};

async function main(): Promise<void> {
  const step = STEPS[process.argv[2] ?? ''];
  // The runner executes commands that it finds in the log; the output of checks must not contain any.
  const token = randomUUID();
  runner.log(`::stop-commands::${token}`);
  try {
    if ((await step?.(runner)) !== true) process.exitCode = 1;
  } catch (error) {
    process.exitCode = 1;
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    runner.log(isSamocodeError(error) ? message : `Internal error (please report it): ${stack}`);
    addSummary(runner, code(message));
  } finally {
    runner.log(`::${token}::`);
  }
}

void main();
