import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { answerAll } from '../../../src/rehearsal/qa-text.ts';
import { findTests } from '../../../src/rehearsal/repo-facts.ts';
import { DOCUMENT_KINDS, parseDocumentName } from '../../../src/session/documents.ts';
import { readOverview } from '../../../src/session/overview.ts';
import { planHash, readPlan } from '../../../src/session/plan.ts';
import { readQa } from '../../../src/session/qa.ts';
import { lintQa } from '../../support/lint-qa.ts';
import { BOAT, ended, type HandSession, newHandSession, rehearsalChild } from './rehearsal-stage.ts';

const SMALL = { 'README.md': '# Small\n', 'lib/a.py': 'print(1)\n' };

/** Plays the phases in order, each once, answering nothing by hand. */
async function playPhases(session: HandSession, ...phases: string[]): Promise<unknown[]> {
  const signals: unknown[] = [];
  for (const [index, phase] of phases.entries()) {
    await session.play({ phase, iteration: index + 1 });
    signals.push(await session.takeSignal());
  }
  return signals;
}

test('a repository without tests gets one honest document, and nothing else is touched', async () => {
  await using session = await newHandSession(SMALL);
  const phases = [
    'investigation',
    'requirements',
    'planning',
    ...Array(3).fill('implementation'),
    'testing',
    'quality',
    'testing',
    'done',
  ];
  const signals = await playPhases(session, ...phases);
  expect(signals.at(-2)).toEqual({ status: 'continue', phase: 'done' });
  expect(signals.at(-1)).toMatchObject({ status: 'done' });
  expect(await session.git('diff', '--name-only', 'main')).toBe('docs/rehearsal/way-back.md');
  const document = await readFile(join(session.workingDir, 'docs/rehearsal/way-back.md'), 'utf8');
  expect(document).toMatch(
    /no model was asked[\s\S]*## What is here[\s\S]*`lib\/a.py`[\s\S]*No test command was found[\s\S]*Facts as of commit/,
  );
  expect(await session.subjects()).toHaveLength(4);
  expect(await session.document('test-report')).toContain(
    'No tests were run: the repository has no test command',
  );
});

test("a repository's own tests are really run, and their failure goes back to implementation, then to a person", async () => {
  await using session = await newHandSession({ Makefile: 'test:\n\tfalse\n' });
  const signals = await playPhases(
    session,
    'planning',
    ...Array(3).fill('implementation'),
    'testing',
    'implementation',
  );
  expect(signals.at(-2)).toEqual({ status: 'continue', phase: 'implementation' });
  expect(signals.at(-1)).toMatchObject({ status: 'blocked', needs: 'error_resolution' });
  expect(await session.document('test-report')).toContain('`make test`');
});

test('a file of this session that somebody spoils after the last phase is put back', async () => {
  await using session = await newHandSession();
  await playPhases(session, 'planning', ...Array(3).fill('implementation'));
  await writeFile(join(session.workingDir, 'src/history.js'), 'throw new Error("spoilt");\n');
  expect(await playPhases(session, 'testing', 'implementation', 'testing')).toEqual([
    { status: 'continue', phase: 'implementation' },
    { status: 'continue', phase: 'testing' },
    { status: 'continue', phase: 'quality' },
  ]);
  expect(await session.git('status', '--porcelain')).toBe('');
});

test('the questions are good ones by our own rules, and they wait', async () => {
  for (const files of [BOAT, SMALL]) {
    await using session = await newHandSession(files);
    await playPhases(session, 'requirements');
    const reading = readQa(await session.read('_qa.md'));
    expect(lintQa(reading)).toEqual([]);
    expect(reading).toMatchObject({ status: 'waiting', questions: { length: 3 } });
    expect(reading.questions.every(({ answer }) => answer === undefined)).toBe(true);
  }
});

test('as long as one question is open the child asks no new ones and waits again', async () => {
  await using session = await newHandSession();
  await playPhases(session, 'requirements');
  await writeFile(
    join(session.sessionDir, '_qa.md'),
    (await session.read('_qa.md')).replace('_waiting_', 'A'),
  );
  const before = await session.read('_qa.md');
  const [signal] = await playPhases(session, 'requirements');
  expect(signal).toMatchObject({ status: 'waiting', for: 'qa_answers' });
  expect(await session.read('_qa.md')).toBe(before);
});

test('feedback on a plan shows in the next one', async () => {
  await using session = await newHandSession();
  const play = (iteration: number, more = '') => session.play({ phase: 'planning', iteration, more });
  await play(1);
  await play(2, '## The human wants the plan changed\n\n> Keep it small,\n> please.\n\n## Signals\nanything');
  const plan = await session.document('plan');
  expect(plan).toContain('- [ ] As asked for: Keep it small, please.');
  expect(plan.match(/^### Phase /gm)).toHaveLength(3);
  expect(await session.read('_overview.md')).toContain('Plan changed as asked');
  await play(3, '## Requested changes\nAnother name.\n\n**Branch:** x');
  expect(await session.document('plan')).toContain('- [ ] As asked for: Another name.\n');
});

test('guidance that lies in the inbox is heard, noted and left where it is', async () => {
  await using session = await newHandSession();
  await mkdir(join(session.sessionDir, '_inbox/read'), { recursive: true });
  await writeFile(
    join(session.sessionDir, '_inbox/01-08-1400-01KA00000000000000000000ZZ.md'),
    '# Message\nFrom: cli\n\nMind the README.\nReally.\n',
  );
  await playPhases(session, 'investigation');
  expect(await session.read('_overview.md')).toContain(
    '- [001 @ 01-08 14:01] Guidance read: Mind the README.\n',
  );
  expect(await session.read('_inbox/01-08-1400-01KA00000000000000000000ZZ.md')).toContain('Mind');
});

test('a new goal takes the place of the task', async () => {
  await using session = await newHandSession();
  const more =
    '## The goal now (earlier questions and plans do not count for it)\n\n> Sink it again.\n\n## Duties\nx';
  await session.play({ phase: 'planning', iteration: 1, more });
  expect(await session.document('plan')).toContain('## Task Definition\nSink it again.\n\n## Requirements');
});

test('two plans of one minute have two names, and the later one is carried out', async () => {
  await using session = await newHandSession();
  await session.play({ phase: 'planning', iteration: 1 });
  await session.play({ phase: 'planning', iteration: 1 });
  await session.play({ phase: 'implementation', iteration: 2 });
  expect(await session.read('01-08-1401-plan-way-back.md')).not.toContain('[x]');
  expect(await session.read('01-08-1401-plan-way-back-2.md')).toContain(
    '**Phase 1 completed** (01-08 14:02)',
  );
});

test('a notebook with CRLF lines, a missing section and lines of a person keeps all of it', async () => {
  await using session = await newHandSession();
  const path = join(session.sessionDir, '_overview.md');
  const odd =
    '# Session: x\r\n\r\n## Status\r\nPhase: investigation\r\nLast Action: old\r\n\r\n## Mine\r\nkeep\tthis \r\n';
  await writeFile(path, odd);
  await playPhases(session, 'investigation');
  const text = await readFile(path, 'utf8');
  expect(text.replaceAll('\r\n', '')).not.toContain('\n');
  expect(text).toContain('Last Action: Looked around the repository\r\n');
  expect(text).toContain('## Mine\r\nkeep\tthis \r\n');
  expect(readOverview(text)).toMatchObject({ phase: expect.anything() });
});

test('every document has the parts of its kind, and the plan is the same one after it was carried out', async () => {
  await using session = await newHandSession();
  await playPhases(session, 'investigation', 'requirements');
  await writeFile(join(session.sessionDir, '_qa.md'), answerAll(await session.read('_qa.md')));
  await playPhases(session, 'requirements', 'planning');
  const plan = await session.document('plan');
  expect(readPlan(plan)).toMatchObject({
    problems: [],
    testable: true,
    phases: [{ number: 1 }, { number: 2 }, { number: 3 }],
  });
  await playPhases(session, ...Array(3).fill('implementation'), 'testing', 'quality', 'done');
  expect(planHash(await session.document('plan'))).toBe(planHash(plan));

  const found = new Set<string>();
  for (const name of await readdir(session.sessionDir)) {
    const kind = parseDocumentName(name)?.kind;
    if (!kind) continue;
    found.add(kind);
    const text = await session.read(name);
    expect([name, ...DOCUMENT_KINDS[kind].filter((part) => !text.includes(`\n## ${part}\n`))]).toEqual([
      name,
    ]);
    expect(text).toContain('no model was asked');
  }
  const kinds = ['cleanup', 'dive', 'plan', 'quality-review', 'requirements', 'summary', 'test-report'];
  expect([...found].sort()).toEqual(kinds);
});

test('a second goal in the same worktree is played without breaking the first', async () => {
  await using session = await newHandSession();
  const phases = ['planning', ...Array(3).fill('implementation'), 'testing', 'quality', 'testing'];
  await playPhases(session, ...phases);
  const signals = await playPhases(session, ...phases);
  expect(signals.slice(-3)).toEqual([
    { status: 'continue', phase: 'quality' },
    { status: 'continue', phase: 'testing' },
    { status: 'continue', phase: 'done' },
  ]);
});

test('the same state gives the same documents', async () => {
  await using one = await newHandSession();
  await using two = await newHandSession();
  await playPhases(one, 'requirements', 'planning', 'testing');
  await playPhases(two, 'requirements', 'planning', 'testing');
  expect(await one.document('plan')).toBe(await two.document('plan'));
  expect(await one.document('test-report')).toBe(await two.document('test-report'));
  expect(await one.read('_qa.md')).toBe(await two.read('_qa.md'));
});

test('a prompt may come on stdin, flags that are not known are skipped, and nobody needs _overview.md', async () => {
  await using session = await newHandSession();
  await rm(join(session.sessionDir, '_overview.md'));
  const args = [
    '--agents',
    '{"a":{}}',
    '--agent',
    'phase',
    '-p',
    '--verbose',
    '--model',
    'opus',
    '--add-dir',
    '/tmp',
    '--settings={}',
  ];
  const child = spawn(process.execPath, [await rehearsalChild(), ...args], {
    env: { PATH: process.env.PATH, SAMOCODE_REHEARSAL_PACE_MS: '0' },
  });
  child.stdin.end(
    `**Session path:** ${session.sessionDir}\n**Working directory:** ${session.workingDir}\n**Phase:** Investigation\n`,
  );
  expect(await ended(child)).toMatchObject({ exitCode: 0, stderr: '' });
  expect(await session.takeSignal()).toEqual({ status: 'continue', phase: 'requirements' });
  expect(await session.read('_overview.md')).toContain('Last Action: Looked around the repository');
});

test('a prompt without its lines ends the child with status 2 and a sentence', async () => {
  await using session = await newHandSession();
  const child = spawn(process.execPath, [await rehearsalChild(), '-p', 'Hello'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  expect(await ended(child)).toMatchObject({
    exitCode: 2,
    stdout: '',
    stderr: expect.stringContaining('**Phase:**'),
  });
  expect(await session.takeSignal()).toEqual({});
});

test('a test command that needs packages which are not installed is named and not run', async () => {
  const manifest = { scripts: { test: 'vitest run' }, devDependencies: { vitest: '4' } };
  await using session = await newHandSession({ 'package.json': JSON.stringify(manifest) });
  expect(await findTests(session.workingDir)).toMatchObject({ kind: 'unusable', command: 'npm test' });
});

test.each([
  [
    { 'package.json': '{"scripts":{"test":"node --test"}}' },
    { kind: 'found', check: { file: 'node', args: ['--test'] } },
  ],
  [
    { 'package.json': '{"scripts":{"test":"sh t.sh"}}' },
    { kind: 'found', check: { file: 'npm', args: ['test'] } },
  ],
  [
    { 'package.json': '{broken', Makefile: 'all:\ntest: all\n' },
    { kind: 'found', check: { file: 'make', args: ['test'] } },
  ],
  [{ 'package.json': '{"scripts":{"test":"echo \\"Error: no test specified\\""}}' }, { kind: 'none' }],
])('the test command of %j is found where it stands', async (files, wanted) => {
  await using session = await newHandSession(files);
  expect(await findTests(session.workingDir)).toMatchObject(wanted);
});
