#!/usr/bin/env node
import '../base/quick-schemas.ts';

import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { systemClock } from '../base/clock.ts';
import { definedOnly } from '../base/defined-only.ts';
import { readArguments } from './arguments.ts';
import { playAct } from './play-act.ts';
import { type PromptFacts, readPrompt } from './prompt.ts';
import { actsFor, readScenario, Scenario } from './scenario.ts';
import { RehearsalSetupError, SETUP_EXIT_CODE } from './setup-error.ts';
import { openStage, type Stage } from './stage.ts';
import { openTrace } from './trace.ts';

const DEFAULT_PACE_MS = 150;
const ENDING_SIGNALS = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

void main().then(leave, (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof RehearsalSetupError ? SETUP_EXIT_CODE : 1);
});

async function leave(exitCode: number): Promise<void> {
  // A pipe takes its bytes later than a file does; exit() would drop what it has not taken.
  await write('', 'stdout');
  process.exit(exitCode);
}

async function main(): Promise<number> {
  const args = readArguments(process.argv.slice(2));
  if (args.wantsVersion) {
    process.stdout.write(`${__VERSION__} (samocode rehearsal, no model)\n`);
    return 0;
  }
  const facts = readPrompt(args.prompt ?? (await text(process.stdin)), systemClock.now());
  const {
    REHEARSAL_SCENARIO: scenarioPath = '',
    SAMOCODE_REHEARSAL_PACE_MS,
    SAMOCODE_REHEARSAL_TRACE,
  } = process.env;
  const scenario = scenarioPath ? await readScenario(scenarioPath) : Scenario.parse({});
  const trace = await openTrace(scenario.trace ?? SAMOCODE_REHEARSAL_TRACE, facts, systemClock);
  const ignoreTerm = endOnSignals(() => trace.end());
  const stage = stageFor(
    facts,
    args.childUuid,
    scenario.paceMs ?? Number(SAMOCODE_REHEARSAL_PACE_MS ?? DEFAULT_PACE_MS),
  );
  for (const act of actsFor(scenario, { ...facts, count: trace.count })) {
    const exitCode = await playAct(act, {
      scene: { ...facts, stage, signals: true, acknowledged: [] },
      clock: systemClock,
      scenarioPath,
      env: definedOnly(process.env),
      ignoreTerm,
      write,
    });
    if (exitCode === undefined) continue;
    await trace.end();
    return exitCode;
  }
  await trace.end();
  return 0;
}

function write(words: string, to: 'stdout' | 'stderr'): Promise<void> {
  return new Promise((resolve) => process[to].write(words, () => resolve()));
}

function stageFor(facts: PromptFacts, childUuid: string | undefined, paceMs: number): Stage {
  return openStage({
    write: (words) => process.stdout.write(words),
    clock: systemClock,
    paceMs: paceMs || 0,
    childUuid: childUuid ?? randomUUID(),
    workingDir: facts.workingDir,
    version: __VERSION__,
  });
}

/**
 * Ends as claude does on a polite signal, its end noted.
 * @returns what makes the process deaf to them
 */
function endOnSignals(beforeEnd: () => Promise<void>): () => void {
  let isDeaf = false;
  for (const [name, exitCode] of Object.entries(ENDING_SIGNALS)) {
    process.on(name, () => {
      if (!isDeaf) void beforeEnd().finally(() => process.exit(exitCode));
    });
  }
  return () => {
    isDeaf = true;
  };
}
