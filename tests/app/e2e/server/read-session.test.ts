import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pageOf } from '../../../../src/core/faces/mcp/text-page.ts';
import { runCommand } from '../../../../src/core/kernel/processes/run-command.ts';
import { visibleControls } from '../../../../src/core/kernel/text.ts';
import { ci } from '../../../support/ci.ts';
import { type SessionRig, startRig } from '../../../support/session-rig.ts';
import { endOfWorker } from '../../../support/supervisors.ts';
import { askTool } from '../../unit/server/ask-tool.ts';

async function read(rig: SessionRig, args: Record<string, unknown>): Promise<Record<string, unknown>> {
  return (await askTool('read_session', { session: rig.file.folder, ...args }, rig.context('tool'))).json;
}

/** All pages, joined by `joint`. */
async function readWhole(rig: SessionRig, args: Record<string, unknown>, joint = ''): Promise<string> {
  const texts: string[] = [];
  for (let offset: unknown = 0; offset !== undefined; ) {
    const page = await read(rig, { ...args, offset });
    expect(String(page.text).length).toBeLessThanOrEqual(7000);
    texts.push(String(page.text));
    offset = page.more_from;
  }
  return texts.join(joint);
}

/** A finished session, with commits; two tests read it. */
let implemented: SessionRig;
beforeAll(async () => {
  implemented = await startRig({ at: 'planned', here: true });
  await implemented.untilWaiting('plan_approval');
  await implemented.approve();
  await implemented.until(({ status }) => status.kind === 'done');
  // Its last lines of overview and log are written by then.
  await endOfWorker(implemented);
});
afterAll(() => implemented[Symbol.asyncDispose]());

test('the pages of a text join to the whole text, and split no character', ci, () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.integer({ min: 2, max: 9 }),
      (text, size) => {
        const pages: string[] = [];
        for (let from: number | undefined = 0; from !== undefined; ) {
          const page = pageOf(text, from, size);
          pages.push(page.text);
          from = page.more_from;
        }
        expect(pages.join('')).toBe(visibleControls(text));
        for (const page of pages) expect(page).not.toMatch(/[\ud800-\udbff]$/u);
      },
    ),
  );
});

test('a page is as large as its JSON', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.integer({ min: 12, max: 30 }),
      (text, size) => {
        for (const page of [pageOf(text, 0, size), pageOf(text, -size, size)]) {
          expect(JSON.stringify(page.text).length - 2).toBeLessThanOrEqual(size);
          expect(page.text).not.toMatch(/\p{Surrogate}/u);
        }
      },
    ),
  );
});

test('overview, documents, transcript and log are read page by page, and a missing one gives the existing ones', async () => {
  const rig = implemented;
  const overview = await readFile(rig.paths.overview, 'utf8');
  expect(await readWhole(rig, {})).toBe(overview);
  const { documents } = await read(rig, { what: 'document' });
  expect(documents).toEqual(expect.arrayContaining(['_overview.md', '_qa.md', 'session.log']));
  const [summary] = (await readdir(rig.paths.sessionDir)).filter((name) => name.includes('-summary-'));
  expect(await read(rig, { what: 'document', document: 'summary' })).toMatchObject({
    summary: expect.stringContaining(summary ?? 'none'),
    text: await readFile(join(rig.paths.sessionDir, summary ?? ''), 'utf8'),
  });
  const missing = await read(rig, { what: 'document', document: '../../.run/x/session.json' });
  expect(missing).toMatchObject({ code: 'document_not_found', message: expect.stringContaining('_qa.md') });
  const picture = join(rig.paths.sessionDir, 'screens/home.png');
  await mkdir(dirname(picture));
  await writeFile(picture, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
  expect((await read(rig, { what: 'document' })).documents).toContain('screens/home.png');
  const shown = await read(rig, { what: 'document', document: 'screens/home.png' });
  expect(shown).toMatchObject({ summary: 'screens/home.png is not text: 16 bytes, at path.', path: picture });
  expect(shown).not.toHaveProperty('text');
  const whole = await readWhole(rig, { what: 'transcript', iteration: 1 }, '\n');
  expect(whole).toContain('• ');
  expect(await read(rig, { what: 'transcript', iteration: 99 })).toMatchObject({
    code: 'iteration_not_found',
  });
  const end = await read(rig, { what: 'transcript', iteration: 1, offset: -1000 });
  expect(whole.slice(-String(end.text).length)).toBe(end.text);
  expect(whole.length).toBeGreaterThan(String(end.text).length);
  expect(await read(rig, { what: 'log' })).toMatchObject({ text: expect.stringContaining('done: ') });
});

test('a long document comes in pages of at most 7,000 characters; terminal output and many long names stay within what clients show', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const text = 'word '.repeat(5000);
  await writeFile(join(rig.paths.sessionDir, '11-20-0900-dive-long.md'), text);
  expect(await readWhole(rig, { what: 'document', document: '11-20-0900-dive-long.md' })).toBe(text);
  const end = await read(rig, { what: 'document', document: '11-20-0900-dive-long.md', offset: -100 });
  expect(end).toMatchObject({ text: text.slice(-100) });
  expect(end.more_from).toBeUndefined();

  const colours = '\u001b[31m"red"\u001b[0m\n'.repeat(2000);
  await writeFile(join(rig.paths.sessionDir, '11-20-0900-dive-red.md'), colours);
  const page = await read(rig, { what: 'document', document: '11-20-0900-dive-red.md' });
  expect(JSON.stringify(page).length).toBeLessThan(8000);
  expect(visibleControls(colours).slice(0, Number(page.more_from))).toBe(page.text);
  for (let n = 0; n < 100; n += 1) {
    await writeFile(join(rig.paths.sessionDir, `11-20-0900-do-${'x'.repeat(150)}-${n}.md`), 'x');
  }
  const list = await read(rig, { what: 'document' });
  expect(JSON.stringify(list).length).toBeLessThan(8000);
  expect(Number(list.left_out) + (list.documents as string[]).length).toBeGreaterThan(100);

  const longLine = `${'x'.repeat(100_000)}\n`;
  for (const lines of [longLine, `${longLine}${'a line\n'.repeat(3000)}`]) {
    await writeFile(rig.paths.sessionLog, `${lines}the last\n`);
    const log = await read(rig, { what: 'log' });
    expect(log.text).toMatch(/\nthe last$/);
    expect(JSON.stringify(log).length).toBeLessThan(8000);
  }
});

test('a pipe or a link at the path of session.log does not block a reader, and its content is not shown', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  await rig.stop('now');
  // A worker would write its next line into a new file.
  await endOfWorker(rig);
  const { sessionLog } = rig.paths;
  await rm(sessionLog);
  await runCommand('mkfifo', [sessionLog], { cwd: rig.repo.path, env: rig.repo.env });
  expect((await read(rig, { what: 'log' })).text).toBeUndefined();
  await rm(sessionLog);
  await symlink(join(rig.repo.path, 'README.md'), sessionLog);
  expect((await read(rig, { what: 'log' })).text).toBeUndefined();
});

test('changes are reported since the base, an iteration and the last read, with the diff of a path', async () => {
  const rig = implemented;
  const { worktree } = await rig.state();
  const cwd = worktree?.path ?? '';
  const all = await read(rig, { what: 'changes' });
  const count = await rig.repo.git(['rev-list', '--count', `${worktree?.baseCommit}..HEAD`], cwd);
  expect(all.text).toMatch(new RegExp(`^${count} commits? since main at `));
  const files = await rig.repo.git(['diff', '--name-only', `${worktree?.baseCommit}..HEAD`], cwd);
  for (const file of files.split('\n')) expect(all.text).toContain(file);
  const [file = ''] = files.split('\n');
  const diff = await rig.repo.git(['diff', `${worktree?.baseCommit}..HEAD`, '--', file], cwd);
  expect(await readWhole(rig, { what: 'changes', path: file })).toBe(`${diff}\n`);
  const { totalIterations } = (await rig.state()).progress;
  const since = await read(rig, { what: 'changes', iteration: totalIterations });
  expect(since.text).toMatch(/^0 commits since the end of iteration/);
  expect((await read(rig, { what: 'changes', cursor: all.cursor })).text).toBe(since.text);
  expect((await read(rig, { what: 'changes', cursor: 1 })).text).toBe(all.text);
  await writeFile(join(cwd, 'left.txt'), 'x');
  expect((await read(rig, { what: 'changes' })).text).toMatch(/Not committed\nleft\.txt$/);
  const diffOf = async (path: string) => (await read(rig, { what: 'changes', path })).text;
  const everyWay = [`./${file}`, join(cwd, file), join(rig.repo.path, file)];
  for (const same of everyWay) expect(await diffOf(same)).toBe(await diffOf(file));
  for (const top of ['.', './', cwd]) expect(await diffOf(top)).toContain(file);
  for (const path of ['a\0b', 'x'.repeat(200_000), '../x', '/etc/passwd', join(rig.repo.root, 'x')]) {
    expect(await read(rig, { what: 'changes', path })).toMatchObject({ code: 'bad_path' });
  }
  const nothing = await read(rig, { what: 'changes', path: 'no/such/file' });
  expect(nothing).toMatchObject({ summary: expect.stringMatching(/^Nothing changed at that path/) });
});

test('changes since an iteration that still runs are refused as such, and since an unknown one with the existing ones', async () => {
  await using rig = await startRig({
    at: 'asking',
    here: true,
    scenario: { rules: [{ when: { iteration: 3 }, do: [{ act: 'hang' }] }] },
  });
  await rig.untilWaiting('qa_answers');
  await rig.answer();
  await rig.until(({ openIteration }) => openIteration?.iteration === 3);
  expect(await read(rig, { what: 'changes', iteration: 3 })).toMatchObject({
    code: 'iteration_not_ended',
    message: expect.stringContaining('Iteration 3'),
  });
  expect(await read(rig, { what: 'changes', iteration: 9 })).toMatchObject({
    code: 'iteration_not_found',
    message: expect.stringContaining('Its iterations are 1 to 2.'),
  });
});

test('reading changes runs no filter that an agent planted', async () => {
  await using rig = await startRig({ at: 'asking', here: true });
  const cwd = (await rig.state()).worktree?.path ?? '';
  const trace = join(rig.repo.root, 'ran');
  await rig.repo.git(['config', 'filter.evil.clean', `touch '${trace}'; cat`], cwd);
  await writeFile(join(cwd, '.gitattributes'), '* filter=evil\n');
  await writeFile(join(cwd, 'README.md'), 'changed\n');
  expect((await read(rig, { what: 'changes' })).text).toContain('README.md');
  await expect(readFile(trace)).rejects.toThrow('ENOENT');
});
