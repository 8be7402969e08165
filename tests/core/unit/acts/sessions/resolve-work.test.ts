import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  givenTitle,
  readGivenPlan,
  resolveWork,
} from '../../../../../src/core/acts/sessions/resolve-work.ts';
import type { NewWork } from '../../../../../src/core/acts/sessions/start/work.ts';
import type { ActionContext } from '../../../../../src/core/caller/context/context.ts';
import { fingerprint } from '../../../../../src/core/kernel/files/fingerprint.ts';
import type { Project } from '../../../../../src/core/project/finding/open-project.ts';
import { givenTask } from '../../../../../src/core/session/documents/given-plan.ts';
import { tempDir } from '../../../../support/temp-dir.ts';

const placeAt = (path: string) => ({ cwd: path, home: path, env: {} });

test.each([
  ['spec-kit-tasks', 'Boat register'],
  ['bmad-story', 'Story 1.2: Name every boat'],
  ['ralphex-plan', 'Add a cache of tide tables'],
])('%s is read unchanged, and its title names the session', async (name, title) => {
  const file = `tests/fixtures/given-plans/${name}.md`;
  const bytes = await readFile(file);
  const before = await stat(file);
  const plan = await readGivenPlan(file, placeAt(process.cwd()));
  expect(plan).toEqual({ name: `${name}.md`, hash: fingerprint(bytes), text: bytes.toString() });
  expect(givenTitle(plan)).toBe(title);
  expect(givenTask(plan)).toContain(`${name}.md`);
  expect(await readFile(file)).toEqual(bytes);
  expect((await stat(file)).mtimeMs).toBe(before.mtimeMs);
});

const BOX = '- [ ] step\n';

const ONLY_QUOTED = 'it has no check boxes; 2 lines of plan.md look like boxes and are not counted: 1, 2';

const BAD: [what: string, content: string | Buffer, said: string][] = [
  ['without boxes', '# Plan\n- step\n', 'it has no check boxes'],
  ['with boxes only in code', '```\n- [ ] step\n```\n', 'it has no check boxes'],
  ['with boxes only in a quotation', '> - [ ] a\n> - [ ] b\n', ONLY_QUOTED],
  ['with CR line ends alone', '# Plan\r- [ ] a\r- [ ] b\r', 'its lines end with CR alone'],
  ['with 500 boxes', BOX.repeat(500), 'it has 500 check boxes, and a session takes at most 200'],
  ['with only ticked boxes', '- [x] one\n* [X] two\n', 'every box in it is ticked'],
  ['that is a program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1]), 'it is not a text file'],
  ['in UTF-16', Buffer.from(`\uFEFF${BOX}`, 'utf16le'), 'it is not a text file'],
  ['in Latin-1', Buffer.from('- [ ] Grüße\n', 'latin1'), 'it is not UTF-8 text'],
  ['of a megabyte', BOX + 'x'.repeat(1_000_000), 'it is too large, more than 262144 bytes'],
];

test.each(BAD)('a plan %s is refused, with the reason', async (_, content, said) => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'plan.md'), content);
  const reading = readGivenPlan('plan.md', placeAt(dir.path));
  await expect(reading).rejects.toMatchObject({
    code: 'plan_unusable',
    why: `${join(dir.path, 'plan.md')} cannot be the plan of a session: ${said}.`,
  });
});

test('a link, a folder and a missing file are not plans', async () => {
  await using dir = await tempDir();
  await writeFile(join(dir.path, 'real.md'), BOX);
  await symlink('real.md', join(dir.path, 'link.md'));
  await mkdir(join(dir.path, 'folder'));
  const why = async (path: string) =>
    await readGivenPlan(path, placeAt(dir.path)).catch(({ why: said }: { why: string }) => said);
  expect(await why('link.md')).toContain('it is a symbolic link');
  expect(await why('folder')).toContain('it is not a plain file');
  expect(await why('nothing.md')).toContain('there is no such file');
  expect(await why('~/real.md')).toMatchObject({ name: 'real.md' });
});

test('work that only an extension reads is refused by a build without it', async () => {
  // As an issue is where GitHub handed nothing over.
  const work = { kind: 'ticket', issue: '7' } as unknown as NewWork;
  await expect(resolveWork(work, {} as Project, {} as ActionContext)).rejects.toMatchObject({
    code: 'not_in_this_build',
    why: 'This build of samocode was made without the extension for tickets.',
  });
});

const acting = (channel: string, cwd = '/') =>
  ({ by: { channel }, cwd, home: cwd, env: {} }) as unknown as ActionContext;
const planOf = async (plan: string, more: object = {}, context = acting('tool')) =>
  await resolveWork({ kind: 'plan', plan, ...more }, {} as Project, context);

test.each(['# Deck\n\n- [ ] sweep\n', '- [ ] sweep the deck', `\uFEFF- [ ] a\r\n${BOX}`])(
  'the text of a plan, %j, is taken from a chat without a file',
  async (text) => {
    const { givenPlan, way, task } = await planOf(text);
    expect(givenPlan).toEqual({ name: 'from this chat', hash: fingerprint(text), text });
    expect({ way, task }).toEqual({
      way: 'plan',
      task: expect.stringContaining('Carry out the plan from this chat, '),
    });
  },
);

test('agents plan from it only when that is asked for', async () => {
  expect((await planOf(BOX, { replan: true })).way).toBeUndefined();
});

test.each([
  ...BAD.filter(([, content]) => typeof content === 'string' && content.includes('\n')),
  ['with a long command', `## A\nCheck: \`${'x'.repeat(501)}\`\n${BOX}`, 'the command of phase 1 is longer'],
  ['with NUL', `${BOX}\0`, 'it is not a text file'],
] as const)('the text of a plan %s is refused with the bounds of a file', async (_, content, said) => {
  await expect(planOf(String(content))).rejects.toMatchObject({
    code: 'plan_unusable',
    why: expect.stringContaining(
      `cannot be the plan of a session: ${said.replaceAll('plan.md', 'the plan from this chat')}`,
    ),
  });
});

test.each(['cli', 'web'])('in %s, a plan is the path of a file', async (channel) => {
  await expect(planOf(BOX, {}, acting(channel))).rejects.toMatchObject({ code: 'plan_unusable' });
});
