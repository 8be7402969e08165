#!/usr/bin/env node
import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../base/clock.ts';
import { readArguments } from './arguments.ts';
import { playPhase } from './play-phase.ts';
import { readPrompt } from './prompt.ts';
import { RehearsalSetupError, SETUP_EXIT_CODE } from './setup-error.ts';
import { openStage } from './stage.ts';

const DEFAULT_PACE_MS = 150;

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof RehearsalSetupError ? SETUP_EXIT_CODE : 1;
}

async function main(): Promise<void> {
  const args = readArguments(process.argv.slice(2));
  if (args.wantsVersion) {
    process.stdout.write(`${__VERSION__} (samocode rehearsal, no model)\n`);
    return;
  }
  const facts = readPrompt(args.prompt ?? (await text(process.stdin)), systemClock.now());
  const stage = openStage({
    write: (words) => process.stdout.write(words),
    clock: systemClock,
    paceMs: Number(process.env.SAMOCODE_REHEARSAL_PACE_MS ?? DEFAULT_PACE_MS) || 0,
    childUuid: args.childUuid ?? randomUUID(),
    workingDir: facts.workingDir,
    version: __VERSION__,
  });
  stage.finish(await playPhase({ ...facts, stage, signals: true }));
}
