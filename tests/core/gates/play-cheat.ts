import { appendFileSync, existsSync, lstatSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPrompt } from '../../../src/extensions/rehearsal/agent/read-prompt.ts';
import {
  GATE_FILE,
  GATES,
  type GateFile,
  NEXT_CHEAT,
  type NextCheat,
  PLAYED,
  type PlayedCase,
  RECORD,
  TALK,
} from './cheat.ts';
import { CheatKit, RefusedByUs } from './cheat-kit.ts';
import { CHEATS } from './cheats.ts';

/**
 * How long a process that was left behind waits before it acts: its agent has ended by then, and the next one may run.
 */
const LATE_MS = 1000;

// Runs inside an agent: its scenario imports this file, which ends the agent. `play-cheat --late NAME` is the process
// left behind.
const [, , mode, lateName = ''] = process.argv;
if (mode === '--late') {
  process.on('SIGTERM', () => undefined);
  process.on('SIGHUP', () => undefined);
  await sleep(LATE_MS);
  await cheatNamed(lateName).late?.(new CheatKit(lateName, process.env));
  // Keeps running, so that a test can see whether it was ended.
  await sleep(30_000);
} else {
  say({ type: 'system', subtype: 'init' });
  await playChild();
  say({ type: 'result', subtype: 'success', is_error: false });
  process.exit(0);
}

/** stdout is a file. */
function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function playChild(): Promise<void> {
  // stdin is a file that the rehearsal has already read.
  const { sessionDir, workingDir, phase, iteration } = readPrompt(readFileSync('/dev/stdin', 'utf8'), 0);
  Object.assign(process.env, {
    REHEARSAL_SESSION_DIR: sessionDir,
    REHEARSAL_WORKING_DIR: workingDir,
    REHEARSAL_PHASE: phase,
    REHEARSAL_ITERATION: String(iteration),
  });
  const cheats = (await takeNext(phase))?.cheats ?? [];
  const kit = new CheatKit(cheats[0] ?? 'honest', process.env);
  const blank = readFileSync(kit.paths.signal, 'utf8');
  if (phase === 'requirements' && (cheats.length > 0 || !existsSync(kit.paths.qa))) kit.ask();
  if (phase === 'requirements') kit.writeLedger();
  if (phase === 'planning') kit.writePlan();
  for (const cheat of cheats) {
    const played = await playCase(new CheatKit(cheat, process.env));
    appendFileSync(join(folder(), RECORD), `${JSON.stringify(played)}\n`);
  }
  if (isStill(blank, kit.paths.signal)) kit.signal(honestSignal(kit, cheats.length > 0));
}

async function playCase(kit: CheatKit): Promise<PlayedCase> {
  const { name, commands } = kit;
  try {
    await cheatNamed(name).play(kit);
    return { name, end: 'done', commands };
  } catch (error) {
    return { name, end: isRefused(error) ? 'refused' : 'failed', said: `${error}`, commands };
  }
}

/**
 * The cases for this agent; they are played once, and a later agent is honest unless a person acts in between. An agent
 * of the right phase waits until the test names the cases to play.
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

function folder(): string {
  return join(process.env.HOME ?? '', TALK);
}

function gateFile(): GateFile {
  return JSON.parse(readFileSync(join(folder(), GATE_FILE), 'utf8'));
}

/** The guard prevents most of what an agent tries; without it every case can be played. */
function isRefused(error: unknown): boolean {
  if (error instanceof RefusedByUs) return true;
  return gateFile().level === 'guard' && error instanceof Error && 'code' in error;
}

function cheatNamed(name: string) {
  const found = Object.values(CHEATS)
    .flat()
    .find((cheat) => cheat.name === name);
  if (!found) throw new Error(`There is no cheat "${name}".`);
  return found;
}

function isStill(text: string, path: string): boolean {
  // Gone, a folder, a pipe or a link, as the case requires.
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path, 'utf8') === text;
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
