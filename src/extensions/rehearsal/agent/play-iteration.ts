import { randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { systemClock } from '../../../core/kernel/clock.ts';
import { definedOnly } from '../../../core/kernel/defined-only.ts';
import { ClaudeLines } from './claude-lines.ts';
import { playActs } from './play-act.ts';
import { readPrompt, SetupError } from './read-prompt.ts';
import { actsFor, type FurtherActs, furtherActs, readScenario } from './scenario.ts';
import { readSituation, readWords, type Words } from './situation.ts';
import type { ActContext } from './work.ts';

const DEFAULT_PACE_MS = 150;
const SETUP_EXIT_CODE = 2;
const ENDING_SIGNALS = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129 } as const;

/**
 * Plays one iteration, and ends the process. Takes the command lines of `claude -p`, with the prompt on stdin, and of its
 * questions.
 * @param further acts besides the honest ones, by name
 */
export function playIteration(env: NodeJS.ProcessEnv, further: FurtherActs = {}): void {
  Object.assign(furtherActs, further);
  void play(env).then(leave, (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(error instanceof SetupError ? SETUP_EXIT_CODE : 1);
  });
}

async function leave(exitCode: unknown): Promise<void> {
  // A pipe accepts bytes more slowly than a file; without this, exit() would drop the rest.
  await write('');
  process.exit(typeof exitCode === 'number' ? exitCode : 0);
}

async function play(env: NodeJS.ProcessEnv): Promise<unknown> {
  const { argv } = process;
  if (argv[2] === '--version') return await write(`rehearsal ${__VERSION__}\n`);
  if (argv[2] === 'auth') return await write('{"loggedIn":true}\n');
  const facts = readPrompt(await text(process.stdin), systemClock.now());
  const { REHEARSAL_SCENARIO = '', SAMOCODE_REHEARSAL_PACE_MS = DEFAULT_PACE_MS } = env;
  const scenario = await readScenario(REHEARSAL_SCENARIO);
  // Exits like claude on a signal.
  for (const [name, exitCode] of Object.entries(ENDING_SIGNALS))
    process.on(name, () => process.exit(exitCode));
  const paceMs = scenario.paceMs ?? (Number(SAMOCODE_REHEARSAL_PACE_MS) || 0);
  const uuid = argv.includes('--session-id') ? argv[argv.indexOf('--session-id') + 1] : undefined;
  const lines = new ClaudeLines(systemClock, paceMs, uuid ?? randomUUID());
  lines.begin(facts.workingDir, __VERSION__);
  const situation = await readSituation(facts);
  let words: Promise<Words> | undefined;
  const context: ActContext = {
    situation,
    scenario,
    lines,
    clock: systemClock,
    words() {
      words ??= readWords(situation, scenario);
      return words;
    },
    env: definedOnly(env),
    signals: true,
    results: true,
    edited: new Set(),
    documents: new Set(),
  };
  const acts = actsFor(scenario.rules, situation.occasion) ?? [{ act: 'normal', signal: true, result: true }];
  return await playActs(acts, context);
}

function write(words: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(words, () => resolve()));
}
