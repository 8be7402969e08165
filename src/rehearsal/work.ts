import { access, mkdir, readdir, readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { writeWhole } from '../base/atomic-file.ts';
import { ifExists } from '../base/errors.ts';
import { runCommand } from '../base/run-command.ts';
import { readInboxMessage, sortInbox } from '../session/inbox.ts';
import { newLineEditor } from '../session/line-editor.ts';
import { endOfContent, lineBody, oneLine, parseMarkdown, sectionNamed } from '../session/markdown-lines.ts';
import type { OverviewSection } from '../session/overview.ts';
import { changeOverview } from '../session/overview-change.ts';
import { newQa } from '../session/qa-change.ts';
import type { ClaudeLines, ToolOutcome } from './claude-lines.ts';
import { findTests } from './find-tests.ts';
import type { Act } from './scenario.ts';
import { fill, type Situation, type Words } from './situation.ts';

export interface Work {
  situation: Situation;
  words: Words;
  lines: ClaudeLines;
  env: Readonly<Record<string, string>>;
  /** Without it the signal is forgotten. */
  signals: boolean;
  /** Without it the final line is. */
  results: boolean;
  /** Files of the worktree that this iteration has edited, and documents that it has written. */
  edited: Set<string>;
  documents: Set<string>;
}

const WORK = ['say', 'ask', 'document', 'edit', 'check', 'test', 'commit', 'tick', 'end'] as const;
type Named<Name extends Act['act']> = Extract<Act, { act: Name }>;
export type WorkAct = Named<(typeof WORK)[number]>;

export function isWork(act: Act): act is WorkAct {
  return WORK.some((name) => name === act.act);
}

const CHECK_TIME_MS = 10 * 60_000;
const KEPT_CHARACTERS = 4000;
const SCRIPTED = '> Written by the rehearsal agent from a script; no model was asked.';

/** Does one act of honest work. @returns an exit code when it cannot continue */
export async function playWork(act: WorkAct, work: Work): Promise<number | undefined> {
  const { lines, words, situation } = work;
  const { sessionDir, workingDir } = situation.facts;
  switch (act.act) {
    case 'say':
      await lines.say(fill(act.text, words));
      return undefined;
    case 'ask':
      await write(work, join(sessionDir, '_qa.md'), newQa(act));
      return undefined;
    case 'document':
      await writeDocument(work, act);
      return undefined;
    case 'edit':
      await edit(work, act);
      return undefined;
    case 'check':
      return await check(work, fill(act.command, words), act.mayFail);
    case 'test': {
      const { command } = await findTests(workingDir);
      return command === undefined ? undefined : await check(work, command, false);
    }
    case 'commit':
      await commit(work, fill(act.subject, words));
      return undefined;
    case 'tick':
      await tick(work);
      return undefined;
    case 'end':
      await end(work, act);
      return undefined;
    default:
      return act satisfies never;
  }
}

async function write({ lines }: Work, path: string, text: string): Promise<void> {
  await lines.use('Write', { file_path: path, content: text }, async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, text);
    return { text: 'Written.' };
  });
}

/** Writes `TIMESTAMP_FILE-kind-slug.md`, numbered when the same minute has one already. */
async function writeDocument(work: Work, { kind, title, sections }: Named<'document'>): Promise<void> {
  const { sessionDir, stamps } = work.situation.facts;
  const stem = `${stamps.file}-${kind}-${work.words.slug}`;
  let name = `${stem}.md`;
  for (let nth = 2; await isThere(join(sessionDir, name)); nth++) name = `${stem}-${nth}.md`;
  const heading = `# ${kind[0]?.toUpperCase()}${kind.slice(1).replace('-', ' ')}: ${title}`;
  const parts = Object.entries(sections).map(([section, text]) => `## ${section}\n${text}\n`);
  await write(
    work,
    join(sessionDir, name),
    fill([heading, '', SCRIPTED, '', ...parts].join('\n'), work.words),
  );
  work.documents.add(name);
}

async function edit(work: Work, { path, text, append, replace }: Named<'edit'>): Promise<void> {
  const name = fill(path, work.words);
  const full = join(work.situation.facts.workingDir, name);
  const old = (await ifExists(readFile(full, 'utf8'))) ?? '';
  let changed = replace.length > 0 || append ? old : '';
  for (const [from, to] of replace) {
    if (!changed.includes(from)) throw new Error(`${name} has no "${from}".`);
    changed = changed.replace(from, () => fill(to, work.words));
  }
  await write(work, full, changed + fill(text, work.words));
  work.edited.add(name);
}

/** Runs a shell command in the worktree, with the Node that plays the rehearsal: a parent's PATH may have none. */
async function check(work: Work, command: string, mayFail: boolean): Promise<number | undefined> {
  const { workingDir: cwd } = work.situation.facts;
  const bin = join(cwd, 'node_modules', '.bin');
  const env = { ...work.env, PATH: [dirname(process.execPath), bin, work.env.PATH].join(delimiter) };
  let failed = false;
  await work.lines.use('Bash', { command }, async () => {
    const run = await runCommand('sh', ['-c', command], { cwd, env, timeoutMs: CHECK_TIME_MS });
    failed = run.exitCode !== 0;
    work.words.output = `${run.stdout}${run.stderr}`.trim().slice(-KEPT_CHARACTERS);
    return { text: work.words.output || '(no output)', failed };
  });
  if (!failed || mayFail) return undefined;
  const reason = `\`${oneLine(command)}\` fails, and a rehearsal has no script for that.`;
  const signal = { status: 'blocked', reason, needs: 'error_resolution' };
  await end(work, { act: 'end', did: `Blocked: ${reason}`, signal });
  return 0;
}

async function commit(work: Work, subject: string): Promise<void> {
  const { workingDir: cwd } = work.situation.facts;
  const paths = [...work.edited];
  const git = (...args: string[]) => runCommand('git', args, { cwd });
  await work.lines.use('Bash', { command: `git commit -m '${subject}'` }, async (): Promise<ToolOutcome> => {
    await git('add', '--', ...paths);
    const { exitCode, stdout, stderr } = await git('commit', '-q', '-m', subject, '--', ...paths);
    work.words.head = (await git('rev-parse', '--short', 'HEAD')).stdout.trim();
    return { text: `${stdout}${stderr}` || `[${work.words.head}] ${subject}`, failed: exitCode !== 0 };
  });
}

/** Ticks the boxes of the open plan phase and notes that it is complete, in one line, as an approval allows. */
async function tick({ situation, lines, words }: Work): Promise<void> {
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
    const mark = `**Phase ${occasion.planPhase} completed** (${words.stamp})`;
    editor.insert(endOfContent(doc, { heading: start, start, end }), [mark]);
    await writeWhole(path, editor.render());
    return { text: 'Ticked.' };
  });
}

/** The agent's lines of the overview, then the signal: always the last act. */
async function end(work: Work, { did, signal }: Named<'end'>): Promise<void> {
  const { situation, words, lines } = work;
  const { sessionDir, stamps, phase } = situation.facts;
  const path = join(sessionDir, '_overview.md');
  const next = signal.phase ?? (signal.status === 'done' ? 'Open a pull request' : 'A person decides');
  const messages = await readMessages(join(sessionDir, '_inbox'));
  const documents = [...work.documents];
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
  if (work.signals) await write(work, join(sessionDir, '_signal.json'), `${JSON.stringify(given)}\n`);
  if (work.results) lines.finish(lastAction);
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
