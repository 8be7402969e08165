// @module-tag ci
import { chmod, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { earlierRunRoot } from '../../../../../src/core/session/layout/paths.ts';
import { runFolderEntries } from '../../../../../src/core/worker/guarding/changes.ts';
import { type Typed, typed } from '../../../../app/unit/cli/typed.ts';
import { makeProject, type TempProject } from '../../../../support/project.ts';
import { type ReportedSession, reportedSession } from '../../../../support/report-session.ts';
import { takePictures } from '../../../../support/taken-pictures.ts';

let project: TempProject;
let session: ReportedSession;

beforeAll(async () => {
  project = await makeProject();
  session = await reportedSession({ iterations: 12, project });
});

afterAll(() => project.repo[Symbol.asyncDispose]());

function call(...words: string[]): Promise<Typed> {
  return typed(['report', ...words], { cwd: project.repo.path, home: project.repo.homeDir });
}

test('a report has the diff and the commits of each iteration, and only its user can read it', async () => {
  const { stdout } = await call('boat-names');
  const path = stdout.trim();
  expect(path).toBe(join(session.paths.runDir, '.report', 'boat-names.html'));
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const text = await readFile(path, 'utf8');
  const fifth = /<details class="it" id="i5">[\s\S]*?id="i6"/.exec(text)?.[0];
  expect(fifth).toContain('Name the boats of pier 4');
  expect(fifth).toContain("+export const boat0 = 'pier 4';");
  expect(fifth).not.toContain("'pier 66'");
  expect(text).toContain('docs/Häfen &lt;b&gt;');
  expect(text).toContain('<dt>Proof</dt><dd dir="auto"><b class="good">yes</b>, ');
  expect(text).toContain('waits for approval, 9\u00a0h\u00a000\u00a0min');
  expect(text).toContain('approved by a person, by phone');
  // The worker does not compare the report, so it can be written while an agent runs.
  const compared = await runFolderEntries(session.paths, 1);
  expect(Object.keys(compared).filter((name) => name.includes('report'))).toEqual([]);
  expect(compared['session.json']).toBeDefined();
});

test('a report is one file at the path of --output, with the end of each long transcript', async () => {
  const own = await makeProject();
  await using _ = own.repo;
  await reportedSession({ iterations: 3, transcriptChars: 40_000, project: own });
  const place = { cwd: own.repo.root, home: own.repo.homeDir };
  const asked = ['report', 'boat-names', '-C', own.repo.path, '--output', 'a b/page.html', '--json'];
  const { stdout } = await typed(asked, place);
  const path = join(own.repo.root, 'a b/page.html');
  expect(JSON.parse(stdout)).toEqual({ session: '26-01-08-boat-names', path });
  expect(await readdir(dirname(path))).toEqual(['page.html']);
  const text = await readFile(path, 'utf8');
  expect(text).toContain('I look at pier 1.199 ');
  expect(text).not.toContain('I look at pier 1.9 ');
  expect(text).toContain('All of it: <code>samocode log --iteration 2</code>');
});

test('a report of a session whose log lies in SESSIONS is written only where --output says', async () => {
  const own = await makeProject();
  await using _ = own.repo;
  const { paths } = await reportedSession({ iterations: 1, project: own });
  const elsewhere = join(own.repo.root, 'elsewhere');
  await mkdir(elsewhere);
  await symlink(elsewhere, join(paths.runDir, '.report'));
  await mkdir(earlierRunRoot(paths.sessionsDir));
  await rename(paths.runDir, join(earlierRunRoot(paths.sessionsDir), paths.folder));
  const place = { cwd: own.repo.path, home: own.repo.homeDir };
  const { stderr } = await typed(['report', 'boat-names'], place);
  expect(stderr).toContain('--with-its-log');
  expect(await readdir(elsewhere)).toEqual([]);
  const path = join(own.repo.root, 'page.html');
  await typed(['report', 'boat-names', '--output', path], place);
  expect(await readFile(path, 'utf8')).toContain('boat-names');
});

test('a report names no rules, no processes and no exit codes without words', async () => {
  const own = await makeProject();
  await using _ = own.repo;
  const { paths } = await reportedSession({ iterations: 9, ends: 'blocked', project: own });
  await typed(['report', 'boat-names'], { cwd: own.repo.path, home: own.repo.homeDir });
  const text = await readFile(join(paths.runDir, '.report', 'boat-names.html'), 'utf8');
  expect(text).toContain('Blocked and needs you');
  expect(text).toContain("blocked: The harbour's file is gone.");
  expect(text).toContain('failed (exit status 1)');
  expect(text).not.toMatch(/human_decision|pid \d|objects open|\bexit 0\b/);
});

test('a report that cannot be written is refused with the path', async () => {
  const refused = await call('boat-names', '--output', join(project.repo.path, 'README.md/x.html'), '--json');
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'report_not_written' } });
  expect((await call()).exitCode).toBe(2);
});

test('pictures in screens/ are in the page, and other files are not', async () => {
  const png = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    Buffer.from('list'),
  ]);
  const folder = join(session.paths.sessionDir, 'screens');
  await mkdir(folder);
  await writeFile(join(folder, 'list.png'), png);
  await writeFile(join(folder, 'fake.png'), '<svg onload="document.title=1">');
  await writeFile(join(folder, 'giant.png'), Buffer.concat([png, Buffer.alloc(400_000)]));
  await symlink('/etc/hostname', join(folder, 'link.png'));
  const text = await readFile((await call('boat-names')).stdout.trim(), 'utf8');
  expect([...text.matchAll(/<img src="[^"]*" alt="([^"]*)">/g)].map(([, name]) => name)).toEqual([
    'list.png',
  ]);
  expect(text).toContain(`data:image/png;base64,${png.toString('base64')}`);
});

test('pages of the application are shown before and after, and a file that has changed is not', async () => {
  const own = await makeProject();
  await using _ = own.repo;
  const { paths } = await reportedSession({ iterations: 3, project: own });
  const { pages } = await takePictures(paths, { commit: 'c'.repeat(40) });
  const [wide, narrow] = pages;
  await writeFile(join(paths.runDir, narrow?.before?.file ?? ''), 'another');
  await typed(['report', 'boat-names'], { cwd: own.repo.path, home: own.repo.homeDir });
  const text = await readFile(join(paths.runDir, '.report', 'boat-names.html'), 'utf8');
  const [part = ''] = /<section id="pages">[\s\S]*?<\/section>/.exec(text) ?? [];
  expect(part).toContain('2 of 2 pictures differ: /login at 1280 px, /login at 390 px.');
  expect(part).toMatch(
    /The branch has changed since: it is at [0-9a-f]{8}, and the pictures do not show that/,
  );
  const names = [...part.matchAll(/<img src="data:image\/png;base64,[^"]*" [^>]*alt="([^"]*)"/g)].map(
    ([, name]) => name,
  );
  expect(names).toEqual([
    ...['before', 'after', 'difference'].map((side) => `/login at 1280 px, ${side}`),
    ...['after', 'difference'].map((side) => `/login at 390 px, ${side}`),
  ]);
  const bytes = await readFile(join(paths.runDir, wide?.after?.file ?? ''));
  expect(part).toContain(bytes.toString('base64'));
  expect(part.match(/Not shown: /g)).toHaveLength(1);
});

test('--open shows the page on a desktop, and otherwise says that there is none', async () => {
  const bin = join(project.repo.root, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'xdg-open'), '#!/bin/sh\nprintf %s "$1" > "$HOME/opened"\n');
  await chmod(join(bin, 'xdg-open'), 0o755);
  const place = { cwd: project.repo.path, home: project.repo.homeDir };
  const none = await typed(['report', 'boat-names', '--open'], place);
  expect(none).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('No browser could be opened here.'),
  });
  const env = { DISPLAY: ':7', PATH: `${bin}:${process.env.PATH}` };
  const shown = await typed(['report', 'boat-names', '--open', '--json'], { ...place, env });
  expect(JSON.parse(shown.stdout)).toMatchObject({ opened: true });
  expect(await readFile(join(project.repo.homeDir, 'opened'), 'utf8')).toBe(none.stdout.trim());
});
