import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { Clock } from '../../../core/kernel/clock.ts';
import { ifExists } from '../../../core/kernel/errors.ts';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { documentText } from '../../../core/session/documents/documents.ts';
import { readInboxMessage, sortInbox } from '../../../core/session/documents/inbox.ts';
import { oneLine } from '../../../core/session/documents/markdown-lines.ts';
import { changeOverview } from '../../../core/session/documents/overview.ts';
import { appendRound, newQa } from '../../../core/session/documents/qa-change.ts';
import { LEDGER_NAME } from '../../../core/session/documents/requirements.ts';
import type { ClaudeLines } from './claude-lines.ts';
import { runAsAgent } from './run-as-agent.ts';
import type { Scenario, ScenarioAct } from './scenario.ts';
import { fill, type Situation, type Words } from './situation.ts';

export interface ActContext {
  situation: Situation;
  scenario: Scenario;
  /** Read on demand: difficult agents must not start git. */
  words(): Promise<Words>;
  lines: ClaudeLines;
  clock: Clock;
  /** Inherited by commands and scripts. */
  env: Readonly<Record<string, string>>;
  /** Whether honest work leaves a signal and a final line. */
  signals: boolean;
  results: boolean;
  /** Worktree files edited, and documents written, in this iteration. */
  edited: Set<string>;
  documents: Set<string>;
}

export type Named<Name extends ScenarioAct['act']> = Extract<ScenarioAct, { act: Name }>;

/** A function for each kind of act; it returns an exit code if the act ends the process. */
export type Acts<Name extends ScenarioAct['act']> = {
  readonly [Each in Name]: (act: Named<Each>, context: ActContext) => unknown;
};

const CHECK_TIME_MS = 10 * 60_000;
const KEPT_CHARACTERS = 4000;
const SCRIPTED = '> Written by the rehearsal agent from a script; no model was asked.';

/** Honest work on the session's documents and the worktree, each act as a tool call of the agent. */
export const WORK: Acts<
  'say' | 'ask' | 'document' | 'ledger' | 'edit' | 'check' | 'commit' | 'tick' | 'end'
> = {
  say: ({ text }, { lines }) => lines.say(text),
  ask: async (_act, context) => {
    // Those of the agent before, which ended early.
    if (context.situation.occasion.questions === 'open') return;
    const path = inSession(context, '_qa.md');
    const story = fill(context.scenario.story, await context.words());
    const before = await documentText(path);
    await write(context, path, before?.trim() ? appendRound(before, story.questions) : newQa(story));
  },
  document: writeDocument,
  ledger: async (_act, context) => {
    const all = fill(context.scenario.story.requirements, await context.words());
    const requirements = all.map((requirement) => ({ ...requirement, state: 'open' }));
    const text = JSON.stringify({ requirements }, null, 2);
    return write(context, inSession(context, LEDGER_NAME), `${text}\n`);
  },
  edit,
  check,
  commit,
  tick,
  end,
};

function inSession({ situation }: ActContext, ...names: string[]): string {
  return join(situation.facts.sessionDir, ...names);
}

async function write({ lines }: ActContext, path: string, text: string): Promise<void> {
  await lines.use('Write', { file_path: path, content: text }, async () => {
    makeFolder(dirname(path));
    await writeWhole(path, text);
    return { text: 'Written.' };
  });
}

/** Writes `TIMESTAMP_FILE-kind-slug.md`, numbered if one exists for the same minute. */
async function writeDocument(
  { kind, title, sections }: Named<'document'>,
  context: ActContext,
): Promise<void> {
  const stem = `${context.situation.facts.stamps.file}-${kind}-${(await context.words()).slug}`;
  let name = `${stem}.md`;
  for (let nth = 2; existsSync(inSession(context, name)); nth++) name = `${stem}-${nth}.md`;
  const heading = `# ${kind[0]?.toUpperCase()}${kind.slice(1).replace('-', ' ')}: ${title}`;
  const parts = Object.entries(sections).map(([section, text]) => `## ${section}\n${text}\n`);
  await write(context, inSession(context, name), [heading, '', SCRIPTED, '', ...parts].join('\n'));
  context.documents.add(name);
}

async function edit({ path, text, append, replace }: Named<'edit'>, context: ActContext): Promise<void> {
  const full = join(context.situation.facts.workingDir, path);
  let changed = replace.length > 0 || append ? ((await ifExists(readFile(full, 'utf8'))) ?? '') : '';
  for (const [from, to] of replace) {
    if (!changed.includes(from)) throw new Error(`${path} has no "${from}".`);
    changed = changed.replace(from, () => to);
  }
  await write(context, full, changed + text);
  context.edited.add(path);
}

/** Runs a shell command in the worktree, with the rehearsal's Node on PATH: the parent's might have none. */
async function check({ command, mayFail }: Named<'check'>, context: ActContext): Promise<number | undefined> {
  if (command === '') return undefined;
  const cwd = context.situation.facts.workingDir;
  const words = await context.words();
  const path = [dirname(process.execPath), join(cwd, 'node_modules', '.bin'), context.env.PATH];
  const env = { ...context.env, PATH: path.join(delimiter) };
  let failed = false;
  await context.lines.use('Bash', { command }, async () => {
    const run = await runAsAgent('sh', ['-c', command], { cwd, env, timeout: CHECK_TIME_MS });
    failed = run.exitCode !== 0;
    words.output = `${run.stdout}${run.stderr}`.trim().slice(-KEPT_CHARACTERS);
    return { text: words.output || '(no output)', failed };
  });
  if (!failed || mayFail) return undefined;
  const reason = `\`${oneLine(command)}\` fails, and the rehearsal has no script for that.`;
  const signal = { status: 'blocked', reason, needs: 'error_resolution' };
  await end({ act: 'end', did: `Blocked: ${reason}`, signal }, context);
  return 0;
}

async function commit(
  { subject }: Named<'commit'>,
  { situation, lines, edited, words }: ActContext,
): Promise<void> {
  const git = (...args: string[]) => runAsAgent('git', args, { cwd: situation.facts.workingDir });
  await lines.use('Bash', { command: `git commit -m '${subject}'` }, async () => {
    await git('add', '--', ...edited);
    const { exitCode, stdout, stderr } = await git('commit', '-q', '-m', subject, '--', ...edited);
    const head = (await git('rev-parse', '--short', 'HEAD')).stdout.trim();
    Object.assign(await words(), { head });
    return { text: `${stdout}${stderr}` || `[${head}] ${subject}`, failed: exitCode !== 0 };
  });
}

/** Ticks the boxes of the open plan phase and adds a line that marks it complete: an approval allows both. */
async function tick(_act: Named<'tick'>, { situation, lines }: ActContext): Promise<void> {
  const { facts, planName = '', occasion } = situation;
  const path = join(facts.sessionDir, planName);
  const number = occasion.planPhase;
  await lines.use('Edit', { file_path: path }, async () => {
    const phase = new RegExp(`^#+ Phase ${number}:.*\n(?:(?!#).*(?:\n|$))*`, 'm');
    const ticked = (text: string) => text.trimEnd().replaceAll('- [ ]', '- [x]');
    const mark = `**Phase ${number} completed** (${facts.stamps.log})`;
    const plan = await readFile(path, 'utf8');
    await writeWhole(
      path,
      plan.replace(phase, (text) => `${ticked(text)}\n${mark}\n\n`),
    );
    return { text: 'Ticked.' };
  });
}

/** Writes the agent's lines in the overview, then the signal. Always the last act. */
async function end({ did, signal }: Named<'end'>, context: ActContext): Promise<void> {
  const { situation, lines, documents } = context;
  const { stamps, phase } = situation.facts;
  const path = inSession(context, '_overview.md');
  const next = signal.phase ?? (signal.status === 'done' ? 'Open a pull request' : 'A person decides');
  const messages = await readMessages(inSession(context, '_inbox'));
  const flow = [
    ...messages.map(({ text }) => `Guidance read: ${oneLine(text).slice(0, 120)}`),
    [did, ...documents].join(' -> '),
  ];
  await lines.use('Edit', { file_path: path, description: did }, async () => {
    const text = (await ifExists(readFile(path, 'utf8'))) ?? `# Session: ${(await context.words()).slug}\n`;
    const appendFlow = flow.map((line) => `${stamps.iteration} ${line}`);
    const changed = changeOverview(text, { lastAction: did, next, appendFlow });
    await writeWhole(path, [...documents].reduce(withListed, changed));
    return { text: 'The overview is up to date.' };
  });
  const acknowledged = messages.map(({ id }) => id);
  const filled = Object.fromEntries(Object.entries(signal).filter(([, value]) => value !== ''));
  const reviewed = filled.reviewed?.split(', ');
  const given = {
    ...{ phase, ...filled },
    ...(reviewed && { reviewed }),
    ...(acknowledged.length > 0 && { acknowledged }),
  };
  if (context.signals) await write(context, inSession(context, '_signal.json'), `${JSON.stringify(given)}\n`);
  if (context.results) lines.finish(did);
}

async function readMessages(inbox: string) {
  const names = sortInbox((await ifExists(readdir(inbox))) ?? []);
  return await Promise.all(
    names.map(async (name) => readInboxMessage(name, await readFile(join(inbox, name), 'utf8'))),
  );
}

/** Inserts the document at the top of its section. */
function withListed(overview: string, document: string): string {
  const heading = document.includes('-plan-') ? 'Plans' : 'Files';
  const start = new RegExp(`^## ${heading}\n(?:\\(none yet\\)\n)?`, 'm');
  return overview.replace(start, `## ${heading}\n- ${document}\n`);
}
