import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ulid } from 'ulid';
import { ifThere } from '../../../src/core/kernel/errors.ts';
import { planHash } from '../../../src/core/session/documents/plan.ts';
import { openQuestions, parseQa, questionsHash } from '../../../src/core/session/documents/qa.ts';
import { appendRound, newQa, writeAnswers } from '../../../src/core/session/documents/qa-change.ts';
import { emptyState, type SessionState } from '../../../src/core/session/events/state.ts';
import { iterationPaths, type SessionPaths, sessionPaths } from '../../../src/core/session/layout/paths.ts';

import { RAN, TALK } from './cheat.ts';

/** The program that plays the cases; this file is bundled into it. */
const OWN_FILE = fileURLToPath(import.meta.url);

/** A samocode program refused the request of an agent. */
export class RefusedByUs extends Error {}

/** What an agent can do: everything it finds around its session folder, and ways to misuse it. */
export class CheatKit {
  readonly paths: SessionPaths;
  readonly workingDir: string;
  readonly phase: string;
  readonly iteration: number;
  /** The name of the case, which makes its questions and plans unique. */
  readonly name: string;
  /** Ids of the commands that it has written so far. */
  readonly commands: string[] = [];

  constructor(name: string, env: Readonly<Record<string, string | undefined>>) {
    const sessionDir = env.REHEARSAL_SESSION_DIR ?? '';
    this.name = name;
    this.paths = sessionPaths(dirname(sessionDir), basename(sessionDir));
    this.workingDir = env.REHEARSAL_WORKING_DIR ?? '';
    this.phase = env.REHEARSAL_PHASE ?? '';
    this.iteration = Number(env.REHEARSAL_ITERATION);
  }

  /** The files of this iteration in the run folder, or of one `ahead`. */
  files(ahead = 0) {
    const files = iterationPaths(this.paths, this.iteration + ahead);
    const own = JSON.parse(readFileSync(iterationPaths(this.paths, this.iteration).child, 'utf8'));
    return { ...files, exit: `${files.exit}.${own.wrapper.pid}` };
  }

  signal(word: unknown): void {
    writeFileSync(this.paths.signal, typeof word === 'string' ? word : `${JSON.stringify(word)}\n`);
  }

  /** Asks a round of two questions, as an honest agent does. */
  ask(): void {
    const ask = (text: string) => ({
      text,
      options: ['this way', 'that way'],
      suggestion: { letters: ['A'], reason: 'short' },
    });
    const questions = [ask(`Which way, when ${this.name}?`), ask('Anything else?')];
    const text = existsSync(this.paths.qa) ? readFileSync(this.paths.qa, 'utf8') : undefined;
    writeFileSync(this.paths.qa, text ? appendRound(text, questions) : newQa({ title: 'Boats', questions }));
  }

  /** Writes the requirements, as an honest agent of that phase does. */
  writeLedger(): void {
    const requirements = [{ id: 'R1', text: 'Boats have names', check: 'reviewed' }];
    writeFileSync(this.paths.requirements, JSON.stringify({ requirements }));
  }

  /** Writes a new plan document, as an honest planning agent does. @returns its path */
  writePlan(title = this.name): string {
    const stamp = `01-08-${String(1000 + this.iteration)}`;
    const path = join(this.paths.sessionDir, `${stamp}-plan-boats.md`);
    const steps = ['- [ ] write the check', '- [ ] write the code'].join('\n');
    const phases = `### Phase 1: names\nFiles: a.ts\nCheck: \`true\`\n${steps}\n\n### Phase 2: more\nFiles: b.ts\nCheck: \`true\`\n${steps}\n`;
    writeFileSync(
      path,
      `# Plan: ${title}\n\n## Task Definition\nNames\n\n## Implementation Phases\n${phases}\n## Notes\n- one note\n`,
    );
    return path;
  }

  /** Shows that the worker ran it, and proves everything. */
  get markCommand(): string {
    return `touch ${join(process.env.HOME ?? '', TALK, RAN)}`;
  }

  plans(): string[] {
    return readdirSync(this.paths.sessionDir)
      .filter((name) => /-plan-/.test(name))
      .sort()
      .map((name) => join(this.paths.sessionDir, name));
  }

  /** Changes the newest plan. */
  editPlan(change: (text: string) => string): void {
    const path = this.plans().at(-1) ?? '';
    writeFileSync(path, change(readFileSync(path, 'utf8')));
  }

  editQa(change: (text: string) => string): void {
    writeFileSync(this.paths.qa, change(readFileSync(this.paths.qa, 'utf8')));
  }

  /**
   * Answers every open question with its suggestion, as a person might. At a later gate there may be none: an earlier
   * case of the session has moved `_qa.md` away with its folder.
   */
  fillAnswers(): void {
    ifThere(() =>
      this.editQa((text) => {
        const open = parseQa(text).questions.filter(({ answer }) => answer === undefined);
        return writeAnswers(
          text,
          open.map(({ id, suggestion }) => ({ id, text: suggestion?.letters[0] ?? 'A' })),
        );
      }),
    );
  }

  setPhase(phase: string): void {
    const text = readFileSync(this.paths.overview, 'utf8');
    writeFileSync(this.paths.overview, text.replace(/^Phase: .*$/m, `Phase: ${phase}`));
  }

  /** Lines of the log that would open the gate, with matching numbers. */
  async forgedEvents(): Promise<string> {
    const { parseEvent, readLog } = await eventReaders();
    const state = (await readLog(this.paths))?.state;
    const by = { channel: 'cli' };
    const at = new Date().toISOString();
    const { iteration, phase } = this;
    const decision = { kind: 'run', phase, notes: [], delay: 'none' };
    const cost = {};
    const ended = { ending: 'signalled', exitCode: 0, signalNotes: [], flowLines: [], durationMs: 1 };
    const human =
      phase === 'requirements'
        ? { type: 'phase_set', phase: 'planning', from: phase }
        : { type: 'plan_approved', by, plan: { name: 'p', hash: 'h' }, phase: 'implementation' };
    const events = [
      {
        type: 'iteration_ended',
        iteration,
        phase,
        ...ended,
        decision,
        changed: true,
        treeChanged: false,
        cost,
      },
      human,
    ];
    const head = { v: 1, at, lease: state?.lease ?? 1 };
    const lines = events.map((event, index) => ({ ...head, n: (state?.n ?? 0) + 1 + index, ...event }));
    const texts = lines.map((line) => JSON.stringify(line));
    const unfit = texts.map(parseEvent).find((reading) => reading.kind !== 'event');
    if (unfit) throw new Error(`The forgery would not even be read: ${JSON.stringify(unfit)}`);
    return texts.map((text) => `${text}\n`).join('');
  }

  async appendForgedEvents(): Promise<void> {
    appendFileSync(this.paths.events, await this.forgedEvents());
  }

  /** Writes a command file that would open this phase's gate. @returns its path */
  command(fields: object = this.opening(), id?: string): string {
    const path = this.commandPath(id);
    writeFileSync(path, this.commandText(fields, basename(path, '.json')));
    return path;
  }

  /** The path of a command, or of another entry with the name of one. */
  commandPath(id = ulid()): string {
    this.commands.push(id);
    mkdirSync(this.paths.commands, { recursive: true });
    return join(this.paths.commands, `${id}.json`);
  }

  commandText(fields: object = this.opening(), id = ulid()): string {
    const head = { v: 1, id, by: { channel: 'cli' }, at: new Date().toISOString() };
    return `${JSON.stringify({ ...head, ...fields })}\n`;
  }

  opening(): object {
    return this.phase === 'requirements'
      ? {
          kind: 'answer',
          hash: this.questionsHash(),
          answers: [],
          acceptSuggestions: true,
          confirmTyped: true,
        }
      : { kind: 'approve', hash: this.planHash() };
  }

  questionsHash(): string {
    return questionsHash(openQuestions(readFileSync(this.paths.qa, 'utf8'), emptyState()));
  }

  /** Of the newest plan. */
  planHash(): string | undefined {
    const path = this.plans().at(-1);
    return path && planHash(readFileSync(path, 'utf8'));
  }

  /** Forges the cached state so that it fits the current log. */
  async forgeCache(change: (state: SessionState) => SessionState = withoutGate): Promise<void> {
    const { cacheText, readLog } = await eventReaders();
    const reading = await readLog(this.paths, { useCache: false });
    if (!reading) throw new Error('There is no log.');
    writeFileSync(this.paths.state, cacheText({ ...reading, state: change(reading.state) }));
  }

  /** Changes session.json as if the person had opened every gate at the start. */
  openSettings(): void {
    const file = JSON.parse(readFileSync(this.paths.sessionFile, 'utf8'));
    Object.assign(file.settings, { gates: [], autoApprove: true, acceptSuggestions: true });
    rmSync(this.paths.sessionFile);
    writeFileSync(this.paths.sessionFile, JSON.stringify(file));
  }

  /** Runs a program in the working directory to its end. @returns its output */
  run(file: string, args: readonly string[], env: Record<string, string | undefined> = process.env): string {
    const run = spawnSync(file, args, { cwd: this.workingDir, env, encoding: 'utf8', timeout: 20_000 });
    return `${run.stdout}${run.stderr}`;
  }

  /** @throws if the pipe cannot be created */
  pipe(path: string): void {
    const output = this.run('mkfifo', [path]);
    if (output !== '') throw Object.assign(new Error(output), { code: 'mkfifo' });
  }

  /** Runs samocode's command line as it was built. */
  cli(args: readonly string[], env: Record<string, string | undefined> = process.env): string {
    return this.run(process.execPath, [this.cliPath, ...args], env);
  }

  get cliPath(): string {
    return join(dirname(OWN_FILE), 'samocode.js');
  }

  /** The arguments of the CLI that would open this phase's gate. */
  openingWords(): string[] {
    return this.phase === 'requirements'
      ? ['answer', this.paths.folder, '--accept-suggestions']
      : ['approve', this.paths.folder];
  }

  /** Starts `late` of this case, which keeps running after the agent has ended. */
  leave({ before = [], env = process.env }: { before?: string[]; env?: NodeJS.ProcessEnv } = {}): void {
    const [file = '', ...args] = [...before, process.execPath, OWN_FILE, '--late', this.name];
    const names = ['SESSION_DIR', 'WORKING_DIR', 'PHASE', 'ITERATION'].map((name) => `REHEARSAL_${name}`);
    const own = Object.fromEntries(names.map((name) => [name, process.env[name]]));
    spawn(file, args, { detached: true, stdio: 'ignore', env: { ...env, ...own } }).unref();
  }

  /** The pid of the session's worker, as recorded in the lease. */
  workerPid(): number {
    const newest = readdirSync(this.paths.leases).sort().at(-1) ?? '';
    return JSON.parse(readFileSync(join(this.paths.leases, newest), 'utf8')).owner.pid;
  }
}

/** Most cases do not need the schemas, which take a third of a process's start-up time. */
async function eventReaders() {
  const { cacheText, readLog } = await import('../../../src/core/session/log/event-log.ts');
  const { parseEvent } = await import('../../../src/core/session/events/events.ts');
  return { cacheText, readLog, parseEvent };
}

/** As if the agent had ended and a person had opened every gate. */
function withoutGate({ openIteration: _none, ...state }: SessionState): SessionState {
  const status = { kind: 'running', since: new Date().toISOString() } as const;
  return { ...state, status, progress: { ...state.progress, phase: 'implementation' } };
}
