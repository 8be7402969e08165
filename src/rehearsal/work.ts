import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ifExists } from '../base/errors.ts';
import { writeWhole } from '../base/files/atomic-file.ts';
import { readInboxMessage, sortInbox } from '../session/documents/inbox.ts';
import { newLineEditor } from '../session/documents/line-editor.ts';
import {
  endOfContent,
  lineBody,
  oneLine,
  parseMarkdown,
  sectionNamed,
} from '../session/documents/markdown-lines.ts';
import type { OverviewSection } from '../session/documents/overview.ts';
import { changeOverview } from '../session/documents/overview-change.ts';
import { newQa } from '../session/documents/qa-change.ts';
import { LEDGER_NAME } from '../session/documents/requirements.ts';
import type { ActContext, Acts, Named } from './act-context.ts';
import { findTests } from './find-tests.ts';
import { runAsAgent } from './run-as-agent.ts';
import { fill } from './situation.ts';

const CHECK_TIME_MS = 10 * 60_000;
const KEPT_CHARACTERS = 4000;
const SCRIPTED = '> Written by the rehearsal agent from a script; no model was asked.';

/** Honest work on the session's documents and the worktree, each act as a tool call of the agent. */
export const WORK: Acts<
  'say' | 'ask' | 'document' | 'ledger' | 'edit' | 'check' | 'test' | 'commit' | 'tick' | 'end'
> = {
  say: async ({ text }, context) => context.lines.say(fill(text, await context.words())),
  ask: (act, context) => write(context, join(context.situation.facts.sessionDir, '_qa.md'), newQa(act)),
  document: writeDocument,
  ledger: writeLedger,
  edit,
  check: async ({ command, mayFail }, context) =>
    check(context, fill(command, await context.words()), mayFail),
  test: async (_act, context) => {
    const { command } = await findTests(context.situation.facts.workingDir);
    return command && check(context, command, false);
  },
  commit: async ({ subject }, context) => commit(context, fill(subject, await context.words())),
  tick: (_act, context) => tick(context),
  end,
};

async function write({ lines }: ActContext, path: string, text: string): Promise<void> {
  await lines.use('Write', { file_path: path, content: text }, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, text);
    return { text: 'Written.' };
  });
}

/** Writes `TIMESTAMP_FILE-kind-slug.md`, numbered when the same minute has one already. */
async function writeDocument(
  { kind, title, sections }: Named<'document'>,
  context: ActContext,
): Promise<void> {
  const { sessionDir, stamps } = context.situation.facts;
  const words = await context.words();
  const stem = `${stamps.file}-${kind}-${words.slug}`;
  let name = `${stem}.md`;
  for (let nth = 2; await isThere(join(sessionDir, name)); nth++) name = `${stem}-${nth}.md`;
  const heading = `# ${kind[0]?.toUpperCase()}${kind.slice(1).replace('-', ' ')}: ${title}`;
  const parts = Object.entries(sections).map(([section, text]) => `## ${section}\n${text}\n`);
  await write(context, join(sessionDir, name), fill([heading, '', SCRIPTED, '', ...parts].join('\n'), words));
  context.documents.add(name);
}

async function writeLedger({ requirements }: Named<'ledger'>, context: ActContext): Promise<void> {
  const words = await context.words();
  const filled = requirements.map(({ id, text, check }) => {
    return { id, text: fill(text, words), check: fill(check, words), state: 'open' };
  });
  const path = join(context.situation.facts.sessionDir, LEDGER_NAME);
  await write(context, path, `${JSON.stringify({ requirements: filled }, null, 2)}\n`);
}

async function edit({ path, text, append, replace }: Named<'edit'>, context: ActContext): Promise<void> {
  const words = await context.words();
  const name = fill(path, words);
  const full = join(context.situation.facts.workingDir, name);
  const old = (await ifExists(readFile(full, 'utf8'))) ?? '';
  let changed = replace.length > 0 || append ? old : '';
  for (const [from, to] of replace) {
    if (!changed.includes(from)) throw new Error(`${name} has no "${from}".`);
    changed = changed.replace(from, () => fill(to, words));
  }
  await write(context, full, changed + fill(text, words));
  context.edited.add(name);
}

/** Runs a shell command in the worktree, with the Node that plays the rehearsal: a parent's PATH may have none. */
async function check(context: ActContext, command: string, mayFail: boolean): Promise<number | undefined> {
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
  const reason = `\`${oneLine(command)}\` fails, and a rehearsal has no script for that.`;
  const signal = { status: 'blocked', reason, needs: 'error_resolution' };
  await end({ act: 'end', did: `Blocked: ${reason}`, signal }, context);
  return 0;
}

async function commit({ situation, lines, edited, words }: ActContext, subject: string): Promise<void> {
  const { workingDir: cwd } = situation.facts;
  const paths = [...edited];
  const git = (...args: string[]) => runAsAgent('git', args, { cwd });
  await lines.use('Bash', { command: `git commit -m '${subject}'` }, async () => {
    await git('add', '--', ...paths);
    const { exitCode, stdout, stderr } = await git('commit', '-q', '-m', subject, '--', ...paths);
    const head = (await git('rev-parse', '--short', 'HEAD')).stdout.trim();
    Object.assign(await words(), { head });
    return { text: `${stdout}${stderr}` || `[${head}] ${subject}`, failed: exitCode !== 0 };
  });
}

/** Ticks the boxes of the open plan phase and notes that it is complete, in one line, as an approval allows. */
async function tick({ situation, lines }: ActContext): Promise<void> {
  const { facts, planName = '', occasion } = situation;
  const path = join(facts.sessionDir, planName);
  await lines.use('Edit', { file_path: path }, async () => {
    const doc = parseMarkdown(await readFile(path, 'utf8'));
    const editor = newLineEditor(doc);
    const at = doc.headings.findIndex(({ text }) => text.startsWith(`Phase ${occasion.planPhase}:`));
    const start = doc.headings[at]?.index ?? 0;
    const end = doc.headings[at + 1]?.index ?? doc.lines.length;
    for (let index = start; index < end; index += 1)
      editor.replace(index, lineBody(doc.lines[index] ?? '').replace('- [ ]', '- [x]'));
    const mark = `**Phase ${occasion.planPhase} completed** (${facts.stamps.log})`;
    editor.insert(endOfContent(doc, { heading: start, start, end }), [mark]);
    await writeWhole(path, editor.render());
    return { text: 'Ticked.' };
  });
}

/** The agent's lines of the overview, then the signal: always the last act. */
async function end({ did, signal }: Named<'end'>, context: ActContext): Promise<void> {
  const { situation, lines } = context;
  const { sessionDir, stamps, phase } = situation.facts;
  const words = await context.words();
  const path = join(sessionDir, '_overview.md');
  const next = signal.phase ?? (signal.status === 'done' ? 'Open a pull request' : 'A person decides');
  const messages = await readMessages(join(sessionDir, '_inbox'));
  const documents = [...context.documents];
  const lastAction = fill(did, words);
  const flow = [
    ...messages.map(({ text }) => `Guidance read: ${oneLine(text).slice(0, 120)}`),
    [lastAction, ...documents].join(' -> '),
  ];
  await lines.use('Edit', { file_path: path, description: lastAction }, async () => {
    const text = (await ifExists(readFile(path, 'utf8'))) ?? `# Session: ${words.slug}\n`;
    const appendFlow = flow.map((line) => `${stamps.iteration} ${line}`);
    const changed = changeOverview(text, { lastAction, next, appendFlow });
    await writeWhole(path, documents.reduce(withListed, changed));
    return { text: 'The overview is up to date.' };
  });
  const acknowledged = messages.map(({ id }) => id);
  const given = { phase, ...signal, ...(acknowledged.length > 0 && { acknowledged }) };
  if (context.signals) await write(context, join(sessionDir, '_signal.json'), `${JSON.stringify(given)}\n`);
  if (context.results) lines.finish(lastAction);
}

async function readMessages(inbox: string) {
  const names = sortInbox((await ifExists(readdir(inbox))) ?? []);
  return await Promise.all(
    names.map(async (name) => readInboxMessage(name, await readFile(join(inbox, name), 'utf8'))),
  );
}

function withListed(overview: string, document: string): string {
  const name: OverviewSection = document.includes('-plan-') ? 'Plans' : 'Files';
  const doc = parseMarkdown(overview);
  const section = sectionNamed(doc, name);
  if (section === undefined) return overview;
  const editor = newLineEditor(doc);
  const end = endOfContent(doc, section);
  if (doc.lines[end - 1]?.startsWith('(none yet)')) editor.replace(end - 1, `- ${document}`);
  else editor.insert(end, [`- ${document}`]);
  return editor.render();
}

async function isThere(path: string): Promise<boolean> {
  return (await ifExists(access(path).then(() => true))) ?? false;
}
