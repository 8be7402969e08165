import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHANNELS } from '../../../../src/core/kernel/phases/channels.ts';
import type { NewEvent } from '../../../../src/core/session/events/events.ts';
import { type SessionPaths, sessionPaths } from '../../../../src/core/session/layout/paths.ts';
import { ASKING, CREATED, PREPARED, writeEvents } from '../../../core/unit/session/events.ts';
import { ci } from '../../../support/ci.ts';
import { sessionFileSample } from '../../../support/session-file-sample.ts';
import { planned } from '../../../support/work-events.ts';
import { KEY } from '../../unit/cli/keys.ts';
import { type TypedOptions, typed } from '../../unit/cli/typed.ts';
import { makeServerRig, type ServerRig } from '../../unit/server/server-rig.ts';

const NAME = '01-08-1130-plan-boats.md';
const PLAN = '# Plan: Boats\n\n## Phase 1: Name them\n- [ ] Name the first\n';
const QA = '# Q&A: Boats\n\n### Q1: Which harbour?\n\n**Answer:** _waiting_\n';
const WORDS = 'Mind the harbour';
/** Editors as a person's: one that writes, and others that fail besides. */
const WRITES = `sed -i -e '/^## Phase 1/a ${WORDS}'`;
const AND = (then: string) => `f() { ${WRITES} "$1"; ${then}; }; f`;

const PLANNED = planned(NAME, PLAN);

let rig: ServerRig;
beforeAll(async () => {
  rig = await makeServerRig();
});
afterAll(() => rig[Symbol.asyncDispose]());

let count = 0;
/** A session that waits for a plan or for answers, whose worker does not come. */
async function waiting(event: NewEvent = PLANNED): Promise<SessionPaths> {
  count += 1;
  const paths = sessionPaths(rig.sessionsDir, `26-01-08-boats-${count}x`);
  await rig.addSession(paths.folder);
  const settings = { ...sessionFileSample().settings, gateChannels: [...CHANNELS] };
  await writeEvents(paths, [CREATED, PREPARED, event], undefined, { mainRepo: rig.repo.path, settings });
  await writeFile(paths.qa, QA);
  await writeFile(join(paths.sessionDir, NAME), PLAN);
  return paths;
}

function asked(argv: string[], { EDITOR = WRITES, ...options }: Partial<TypedOptions> & { EDITOR?: string }) {
  const { path: cwd, homeDir: home } = rig.repo;
  return typed(argv, { cwd, home, env: { EDITOR, SAMOCODE_SUPERVISOR: 'off' }, ...options });
}

async function draftsOf({ folder }: SessionPaths): Promise<string[]> {
  const all = join(rig.repo.homeDir, '.config/samocode/drafts');
  const names = await readdir(all, { recursive: true }).catch(() => []);
  return names.filter((name) => name.includes(`${folder}-`) && name.includes('.md'));
}

const planOf = (paths: SessionPaths) => join(paths.sessionDir, NAME);

test.each<
  [
    how: string,
    command: string[],
    options: (paths: SessionPaths) => Partial<TypedOptions> & { EDITOR?: string },
  ]
>([
  [
    'the plan changed meanwhile',
    ['plan', '--edit'],
    (paths) => ({ EDITOR: AND(`echo >>'${planOf(paths)}'`), says: [''] }),
  ],
  ['the plan is gone', ['plan', '--edit'], (paths) => ({ EDITOR: AND(`rm '${planOf(paths)}'`), says: [''] })],
  ['the editor ended with a status', ['plan', '--edit'], () => ({ EDITOR: AND('exit 3'), says: [''] })],
  ['the editor was killed', ['plan', '--edit'], () => ({ EDITOR: AND('kill -9 $$'), says: [''] })],
  ['the person does not save it', ['plan', '--edit'], () => ({ says: ['n'] })],
  ['the question is left by Ctrl-C', ['plan', '--edit'], () => ({ keys: [KEY.ctrlC] })],
  ['comments are not sent', ['review'], () => ({ says: ['n'] })],
  ['no worker takes the comments', ['review'], () => ({ says: ['y'] })],
  [
    'the plan is gone when comments are sent',
    ['review'],
    (paths) => ({ EDITOR: AND(`rm '${planOf(paths)}'`), says: ['y'] }),
  ],
  ['no worker takes a change that was typed', ['run'], () => ({ says: ['3', WORDS] })],
  [
    'no worker takes a change that was typed below a menu',
    ['run'],
    () => ({ keys: [KEY.up + KEY.up + KEY.up + KEY.enter, WORDS + KEY.enter] }),
  ],
  [
    'comments at the gate are not sent',
    ['run'],
    () => ({ keys: [KEY.up + KEY.up + KEY.enter, 'n', KEY.escape] }),
  ],
])(
  'a text that is not recorded is in a private file that is named: %s',
  async (_how, [name = '', ...rest], options) => {
    const paths = await waiting();
    const { stderr } = await asked([name, paths.folder, ...rest], options(paths));
    const path = /What you wrote is not recorded\. It is kept in (\S+)/.exec(stderr)?.[1] ?? '';
    expect(path, stderr).toContain(rig.repo.homeDir);
    expect(await readFile(path, 'utf8')).toContain(WORDS);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(path))).mode & 0o777).toBe(0o700);
  },
);

test.each<[how: string, options: Partial<TypedOptions>]>([
  ['typed at a plain terminal', { says: [WORDS] }],
  ['typed below a menu', { keys: [WORDS + KEY.enter] }],
])('an answer %s, which no worker takes, is in a file that is named', async (_how, options) => {
  const paths = await waiting(ASKING);
  const { stderr } = await asked(['answer', paths.folder], options);
  const path = /What you wrote is not recorded\. It is kept in (\S+)/.exec(stderr)?.[1] ?? '';
  expect(await readFile(path, 'utf8')).toContain(WORDS);
});

test('a typed text that neither a worker takes nor a file can keep is shown again', async () => {
  const paths = await waiting();
  const drafts = join(rig.repo.homeDir, '.config/samocode/drafts');
  await rm(drafts, { recursive: true, force: true });
  await writeFile(drafts, '');
  const { stderr } = await asked(['run', paths.folder], { says: [WORDS] });
  await rm(drafts);
  expect(stderr).toMatch(new RegExp(`no file could keep it:[\\s\\S]*${WORDS}`));
});

test('a saved plan leaves no draft, nor does an editor that changes nothing or a choice', async () => {
  const paths = await waiting();
  const edit = ['plan', paths.folder, '--edit'];
  expect((await asked(edit, { EDITOR: 'true', says: ['n'] })).stdout).toContain('The plan is unchanged.');
  expect((await asked(edit, { EDITOR: 'false', says: [] })).stderr).not.toContain('not recorded.');
  expect((await asked(['run', paths.folder], { says: ['q'] })).stderr).toBe('');
  expect((await asked(edit, { says: [''] })).stdout).toContain('✔ Saved.');
  expect(await readFile(planOf(paths), 'utf8')).toContain(WORDS);
  expect(await draftsOf(paths)).toEqual([]);
});

test(
  'an edit that could not be saved is offered by the next one, and is not removed by a no',
  ci,
  async () => {
    const paths = await waiting();
    const edit = ['plan', paths.folder, '--edit'];
    await asked(edit, { says: ['n'] });
    const left = await asked(edit, { EDITOR: 'false', says: ['y'] });
    expect(left.stderr).toContain('What you wrote is not recorded.');
    const anew = await asked(edit, { EDITOR: 'false', says: ['n'] });
    expect(anew.stderr).toContain('What you wrote earlier is not recorded.');
    expect(await draftsOf(paths)).toEqual([expect.stringMatching(/plan\.md\.1$/)]);
    await asked(edit, { says: ['n'] });
    const saved = await asked(edit, { EDITOR: 'sleep 1.1 #', says: ['y', 'y'] });
    expect(saved.stdout).toContain('✔ Saved.');
    expect(await readFile(planOf(paths), 'utf8')).toContain(WORDS);
  },
);

test('comments on another version of the plan are moved to a file that is named, and are not sent as new ones', async () => {
  const paths = await waiting();
  await asked(['review', paths.folder], { says: ['n'] });
  await writeFile(planOf(paths), PLAN.replace('first', 'second'));
  const next = await asked(['review', paths.folder], { says: ['n'] });
  expect(next.stderr).toMatch(/What you wrote earlier is not recorded\. It is kept in \S+\.md\.1\n/);
  expect(next.stdout).not.toContain('first');
});

test(
  'an editor that is back at once with the text unchanged may still be open: its text is awaited',
  ci,
  async () => {
    const paths = await waiting();
    // A window that its command does not wait for. The person saves there, then answers.
    const window = join(rig.repo.homeDir, 'window');
    const EDITOR = `f() { printf %s "$1" >'${window}'; }; f`;
    const saves = async () => {
      await writeFile(await readFile(window, 'utf8'), `${PLAN}\n${WORDS}\n`);
      return 'y';
    };
    const says = ['y', saves, 'y'];
    const { stdout, stderr } = await asked(['plan', paths.folder, '--edit'], { EDITOR, says });
    expect(stderr).toContain('--wait');
    expect(stdout).toContain('✔ Saved.');
    expect(await readFile(planOf(paths), 'utf8')).toContain(WORDS);
  },
);
