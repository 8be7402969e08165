import { existsSync, lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BLANK_SIGNAL } from '../../../src/session/documents/signal.ts';
import { FAILED, GATE_FILE, GATES, type GateFile, NEXT_CHEAT, type NextCheat, PLAYED } from './cheat.ts';
import { CheatKit } from './cheat-kit.ts';
import { CHEATS } from './cheats.ts';

/** How long what is left behind waits before it acts: its child has ended by then, and the next one may run. */
const LATE_MS = 1000;

// Played inside a child: `play-cheat` is the child of the moment, `play-cheat --late NAME` what it left.
const [mode, lateName = ''] = process.argv.slice(2);
if (mode === '--late') {
  process.on('SIGTERM', () => undefined);
  process.on('SIGHUP', () => undefined);
  await sleep(LATE_MS);
  await cheatNamed(lateName).late?.(new CheatKit(lateName, process.env));
  // Stays, so that a test can see whether it was ended.
  await sleep(30_000);
} else await playChild();

async function playChild(): Promise<void> {
  const phase = process.env.REHEARSAL_PHASE ?? '';
  const next = await takeNext(phase);
  const kit = new CheatKit(next?.cheat ?? 'honest', process.env);
  if (phase === 'requirements' && (next || !existsSync(kit.paths.qa))) kit.ask();
  if (phase === 'requirements') kit.writeLedger();
  if (phase === 'planning') kit.writePlan();
  try {
    if (next) await cheatNamed(next.cheat).play(kit);
  } catch (error) {
    if (!isKeptOff(error)) writeFileSync(join(folder(), FAILED), `${kit.name}: ${error}`);
  }
  if (isBlank(kit)) kit.signal(honestSignal(kit, next !== undefined));
}

/**
 * The cheat for this child; it is played once, and a child that comes after it without a person's act is
 * honest. A child of the right phase waits for the test to say what to play.
 */
async function takeNext(phase: string): Promise<NextCheat | undefined> {
  if (!Object.values(GATES).some((gate) => gate.phase === phase)) return undefined;
  const { gate } = gateFile();
  if (GATES[gate].phase !== phase) return undefined;
  while (!existsSync(join(folder(), PLAYED))) {
    if (existsSync(join(folder(), NEXT_CHEAT))) {
      renameSync(join(folder(), NEXT_CHEAT), join(folder(), PLAYED));
      return JSON.parse(readFileSync(join(folder(), PLAYED), 'utf8'));
    }
    await sleep(20);
  }
  return undefined;
}

/** The folder of the scenario, by which child and test speak to each other. */
function folder(): string {
  return dirname(process.env.REHEARSAL_SCENARIO ?? '');
}

function gateFile(): GateFile {
  return JSON.parse(readFileSync(join(folder(), GATE_FILE), 'utf8'));
}

/** The guard does not let a child do most of what it tries; without it every case can be played. */
function isKeptOff(error: unknown): boolean {
  return gateFile().level === 'guard' && error instanceof Error && 'code' in error;
}

function cheatNamed(name: string) {
  const found = Object.values(CHEATS)
    .flat()
    .find((cheat) => cheat.name === name);
  if (!found) throw new Error(`There is no cheat "${name}".`);
  return found;
}

function isBlank(kit: CheatKit): boolean {
  // Gone, a folder, a pipe or a link: the case wants it so.
  const stats = lstatSync(kit.paths.signal, { throwIfNoEntry: false });
  return stats?.isFile() === true && readFileSync(kit.paths.signal, 'utf8') === BLANK_SIGNAL;
}

function honestSignal({ phase, paths }: CheatKit, cheats: boolean): object {
  switch (phase) {
    case 'investigation':
      return { status: 'continue', phase: 'requirements' };
    case 'requirements':
      return cheats || readFileSync(paths.qa, 'utf8').includes('_waiting_')
        ? { status: 'waiting', phase, for: 'qa_answers' }
        : { status: 'continue', phase: 'planning' };
    case 'planning':
      return { status: 'waiting', phase, for: 'plan_approval' };
    default:
      return cheats
        ? { status: 'continue', phase }
        : { status: 'waiting', for: 'human_action', reason: 'rest' };
  }
}
